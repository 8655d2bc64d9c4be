//! The registry of routes against what a real server says that API tokens can be allowed.

use vikunja_sdk::{BuildError, Execute, Release, api_tokens, routes::ROUTES, scope};

use super::{servers::servers, story::account};

/// Of these a server says nothing while they are switched off.
const SWITCHED_OFF: &[&str] = &[
    "todoist",
    "trello",
    "microsoft",
    "unsplash",
    "admin",
    "time-entries",
];

#[tokio::test]
async fn the_server_offers_the_permission_of_every_route() {
    for told in servers() {
        let Some((mut client, info)) = told.client().await else {
            println!("{}: has no such API", told.name);
            continue;
        };
        println!("{}: {}", told.name, info.version);
        client.retry.assume_sqlite = true;
        account(&mut client, &info).await;
        let session = Execute::session(&client).clone();
        if session.server().release < Release(0, 22, 0) {
            continue;
        }
        let catalogue = client.send(&api_tokens::Routes).await.unwrap();
        let mut offered = 0;
        for known in ROUTES {
            match scope::permissions(&session, &[known.route], &catalogue) {
                Ok(permissions) => offered += usize::from(!permissions.is_empty()),
                Err(BuildError::ScopeNotOffered { route, scope, .. }) => {
                    let is_off = SWITCHED_OFF.iter().any(|word| route.contains(word));
                    assert!(is_off, "{} {route}: {scope}", known.operation);
                }
                Err(
                    BuildError::NotOnThisServer { .. }
                    | BuildError::NotOnThisApi { .. }
                    | BuildError::ApiTokenRefused { .. },
                ) => {}
                Err(error) => panic!("{}: {error}", known.operation),
            }
        }
        println!(
            "{offered} of {} routes are offered to API tokens",
            ROUTES.len()
        );
        assert!(offered > 40);
    }
}
