//! Which release is it? Answered from what the four releases said about themselves, also where they hide their version.

use vikunja_sdk::{BuildError, Release, Server, Session, ops, testing::Fake};

use super::recorded::exchanges;

/// A server that answers `/info` and the refusal of `/user` as this release does, under another version.
fn server(release: &str, version: &str) -> Fake {
    server_but(release, version, &[])
}

/// The same, with other answers to some paths.
fn server_but(release: &str, version: &str, others: &[(&str, u16, &str)]) -> Fake {
    let found = exchanges(&["service.info", "user.read_one"]);
    let body = |op: &str, wanted: &dyn Fn(&super::recorded::Exchange) -> bool| {
        let exchange = found.iter().find(|exchange| {
            exchange.release == release
                && exchange.api == "v1"
                && exchange.op == op
                && wanted(exchange)
        });
        let response = &exchange.unwrap().response;
        (response.status, response.body.clone().unwrap())
    };
    let (status, info) = body("service.info", &|_| true);
    let info = info.replace(&format!("\"v{release}\""), &format!("\"{version}\""));
    assert!(info.contains(version));
    let refusal = body("user.read_one", &|exchange| exchange.case == "no_token");
    let paths = if release.starts_with("0.20") {
        "/namespaces"
    } else {
        "/projects"
    };
    let document = format!(r#"{{"paths":{{"{paths}":{{}}}}}}"#);
    let mut fake = Fake::at(Server::new("http://h").unwrap());
    for (path, status, body) in [
        ("/api/v1/info", status, info.as_str()),
        ("/api/v1/user", refusal.0, refusal.1.as_str()),
        ("/api/v1/docs.json", 200, document.as_str()),
    ] {
        let other = others.iter().find(|(other, _, _)| *other == path);
        let (_, status, body) = other.copied().unwrap_or((path, status, body));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        fake.answer(&format!("GET {path}"), status, &body);
    }
    fake
}

#[tokio::test]
async fn releases_and_unreleased_builds() {
    for (release, version, expected, is_released) in [
        ("0.20.4", "v0.20.4", Release(0, 20, 4), true),
        ("2.5.0", "v2.5.0", Release(2, 5, 0), true),
        ("2.5.0", "v2.5.0-123-0123456789", Release(2, 5, 0), false),
        // Built after the tag 2.3.0, and has what 2.4 brought.
        ("2.5.0", "v2.3.0-500-0123456789", Release(2, 4, 0), false),
        ("0.20.4", "v0.20.4+12-0123456789", Release(0, 20, 4), false),
        ("0.20.4", "dev", Release(0, 20, 0), false),
        ("0.24.1", "dev", Release(0, 24, 0), false),
        ("1.0.0", "dev", Release(1, 0, 0), false),
        ("2.5.0", "dev", Release(2, 4, 0), false),
        ("1.0.0", "unstable", Release(1, 0, 0), false),
    ] {
        let identified = ops::identify(&mut server(release, version)).await.unwrap();
        assert_eq!(
            identified.server.release, expected,
            "{release} as {version}"
        );
        assert_eq!(
            identified.is_released, is_released,
            "{release} as {version}"
        );
        assert_eq!(identified.server.version, version);
    }
}

#[tokio::test]
async fn two_oh_to_two_three_is_told_by_its_refusal() {
    let refusal = ("/api/v1/user", 401, r#"{"code":11,"message":"missing"}"#);
    let mut hidden = server_but("1.0.0", "dev", &[refusal]);
    let identified = ops::identify(&mut hidden).await.unwrap();
    assert_eq!(identified.server.release, Release(2, 0, 0));
}

#[tokio::test]
async fn namespaces_are_told_by_the_servers_document() {
    let document = ("/api/v1/docs.json", 200, r#"{"paths":{"/projects":{}}}"#);
    let mut hidden = server_but("0.20.4", "dev", &[document]);
    let identified = ops::identify(&mut hidden).await.unwrap();
    assert_eq!(identified.server.release, Release(0, 21, 0));
}

#[test]
fn a_server_that_was_not_asked_gets_no_request_that_differs_by_release() {
    let session = Session::new(Server::new("http://h").unwrap());
    let error = session
        .call(&vikunja_sdk::tasks::List::default())
        .unwrap_err();
    assert!(
        matches!(error, BuildError::ReleaseUnknown { .. }),
        "{error}"
    );
    assert!(session.call(&vikunja_sdk::info::Get).is_ok());
}
