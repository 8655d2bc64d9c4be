//! Accounts of an OpenID provider. It is named by a code that it takes, again and again, in `OPENID_CODE`; the server that
//! knows it in `VIKUNJA_URL`.

use vikunja_sdk::{Code, Execute, Failure, Release, account, exports, openid, users};

use super::servers::{real, skipped};

#[tokio::test]
async fn openid_of_a_real_server() {
    let code = std::env::var("OPENID_CODE").ok();
    let Some(code) = code.filter(|_| std::env::var_os("VIKUNJA_URL").is_some()) else {
        skipped("no OpenID provider is named; set VIKUNJA_URL and OPENID_CODE");
        return;
    };
    for told in real() {
        let Some((mut client, info)) = told.client().await else {
            println!("{}: has no such API", told.name);
            continue;
        };
        println!("{}: {}", told.name, info.version);
        client.retry.assume_sqlite = true;
        client.retry.locked_tries = 12;
        let release = Execute::session(&client).server().release;
        let key = &info.auth.openid_connect.providers[0].key;
        let back = format!("{}/auth/openid/{key}", told.address());
        let log_in = |code: &str| openid::LogIn::new(key, code.into(), &back);
        let refused = client.log_in_with(&log_in("a-bad-code")).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.status().unwrap(), 400, "{refused}");
        let unknown = openid::LogIn::new("nobody", code.as_str().into(), &back);
        let unknown = client.log_in_with(&unknown).await.unwrap_err();
        assert_eq!(unknown.status().unwrap(), 500, "{unknown}");

        let credentials = client.log_in_with(&log_in(&code)).await.unwrap();
        assert_eq!(credentials.refresh.is_some(), release >= Release(2, 0, 0));
        let me = client.send(&users::Current).await.unwrap();
        assert_eq!(me.is_local_user, Some(false));
        assert_eq!(me.auth_provider.is_some(), release >= Release(1, 0, 0));

        // Nobody here knows a password of it.
        let change = account::ChangePassword {
            old_password: "openid-password-1".into(),
            new_password: "openid-password-2".into(),
        };
        let refused = client.send(&change).await.unwrap_err();
        assert_eq!(refused.code(), Some(Code::AccountExternal));
        let password = None;
        client.send(&exports::Request { password }).await.unwrap();
        let password = None;
        let request = client.send(&account::RequestDeletion { password }).await;
        if release < Release(0, 21, 0) {
            assert_eq!(request.unwrap_err().code(), Some(Code::InvalidData));
        } else {
            request.unwrap();
            let password = None;
            let cancel = account::CancelDeletion { password };
            client.send(&cancel).await.unwrap();
        }
    }
}
