//! Teams, shares, links and bots against the recordings, and what the SDK refuses to send.

use vikunja_sdk::{
    Api, At, BuildError, Changes, Endpoint, Keyed, Op, Release, Route, api_tokens, bots,
    model::{
        BotId, LinkShare, LinkShareId, NamespaceId, Patch, Permission, ProjectId, TeamId, UserId,
    },
    retry::Repeat,
    shares,
    sharing::{self, Guest, Place, Username},
    teams,
};

use super::{
    hold::{check, hold, hold_fields, split},
    recorded::Exchange,
    resources::{first, hold_object, key, parameter, refusal, search, session, two},
};

const USER: &str = "eyJ.recorded.jwt";

/// The word in a path that follows this one.
fn after(exchange: &Exchange, word: &str) -> Option<String> {
    let (path, _) = split(&exchange.request.path);
    let mut parts = path.split('/').skip_while(|part| *part != word);
    parts.nth(1).map(ToOwned::to_owned)
}

fn permission(exchange: &Exchange) -> Option<Permission> {
    key(exchange, "permission").or_else(|| key(exchange, "right"))
}

#[test]
fn teams_by_themselves() {
    check("teams.create", |exchange, tally| {
        hold_fields(exchange, |fields| Some(teams::Create { fields }), tally);
    });
    check("teams.read_all", |exchange, tally| {
        let list = teams::List {
            page: parameter(exchange, "page"),
            per_page: parameter(exchange, "per_page"),
            search: search(exchange),
            include_public: parameter(exchange, "include_public").unwrap_or_default(),
        };
        hold(exchange, Some(list), tally);
    });
    hold_object("teams", first::<TeamId>);
}

#[test]
fn members_of_teams() {
    check("team_members.create", |exchange, tally| {
        let add = || {
            Some(teams::AddMember {
                team: first(exchange)?,
                username: key(exchange, "username")?,
                admin: key(exchange, "admin").unwrap_or_default(),
            })
        };
        hold(exchange, add(), tally);
    });
    check("team_members.delete", |exchange, tally| {
        let remove = first(exchange)
            .zip(after(exchange, "members"))
            .map(|(team, username)| teams::RemoveMember { team, username });
        hold(exchange, remove, tally);
    });
    check("team_members.toggle_admin", |exchange, tally| {
        let toggle = first(exchange)
            .zip(after(exchange, "members"))
            .map(|(team, username)| teams::ToggleAdmin { team, username });
        hold(exchange, toggle, tally);
    });
}

/// Holds what is shared of one kind of place with one kind of guest. `name` is that of the operations.
fn hold_shares<P, G>(
    name: &str,
    place: impl Fn(&Exchange) -> Option<P>,
    in_path: impl Fn(&Exchange) -> Option<G>,
    in_body: impl Fn(&Exchange) -> Option<G>,
    list: impl Fn(P) -> sharing::List<P, G>,
) where
    P: Place<G>,
    G: Guest,
{
    check(&format!("{name}.read_all"), |exchange, tally| {
        let list = place(exchange).map(|place| sharing::List {
            page: parameter(exchange, "page"),
            per_page: parameter(exchange, "per_page"),
            search: search(exchange),
            ..list(place)
        });
        hold(exchange, list, tally);
    });
    check(&format!("{name}.create"), |exchange, tally| {
        let add = || {
            Some(sharing::Add {
                place: place(exchange)?,
                with: in_body(exchange)?,
                permission: permission(exchange)?,
            })
        };
        hold(exchange, add(), tally);
    });
    check(&format!("{name}.update"), |exchange, tally| {
        let change = || {
            Some(sharing::Change {
                place: place(exchange)?,
                with: in_path(exchange)?,
                permission: permission(exchange)?,
            })
        };
        hold(exchange, change(), tally);
    });
    check(&format!("{name}.delete"), |exchange, tally| {
        let remove = || {
            Some(sharing::Remove {
                place: place(exchange)?,
                with: in_path(exchange)?,
            })
        };
        hold(exchange, remove(), tally);
    });
}

#[test]
fn shares_with_users_and_teams() {
    let user_in_path = |exchange: &Exchange| after(exchange, "users").map(Username);
    let user_in_body = |exchange: &Exchange| {
        let name = key(exchange, "username").or_else(|| key(exchange, "user_id"));
        name.map(Username)
    };
    let team_in_path = |exchange: &Exchange| two::<i64, TeamId>(exchange).map(|(_, team)| team);
    let team_in_body = |exchange: &Exchange| key(exchange, "team_id");
    hold_shares(
        "project_users",
        first::<ProjectId>,
        user_in_path,
        user_in_body,
        sharing::List::users,
    );
    hold_shares(
        "project_teams",
        first::<ProjectId>,
        team_in_path,
        team_in_body,
        sharing::List::teams,
    );
    hold_shares(
        "namespace_users",
        first::<NamespaceId>,
        user_in_path,
        user_in_body,
        sharing::List::users,
    );
    hold_shares(
        "namespace_teams",
        first::<NamespaceId>,
        team_in_path,
        team_in_body,
        sharing::List::teams,
    );
}

#[test]
fn links() {
    check("link_shares.create", |exchange, tally| {
        let create = || {
            Some(shares::Create {
                project: first(exchange)?,
                permission: permission(exchange)?,
                name: key(exchange, "name"),
                password: key::<String>(exchange, "password").map(Into::into),
            })
        };
        hold(exchange, create(), tally);
    });
    check("link_shares.read_all", |exchange, tally| {
        let list = first(exchange).map(|project| shares::List {
            page: parameter(exchange, "page"),
            per_page: parameter(exchange, "per_page"),
            search: search(exchange),
            ..shares::List::new(project)
        });
        hold(exchange, list, tally);
    });
    check("link_shares.read_one", |exchange, tally| {
        // Reads on condition are not offered.
        if exchange.response.status != 304 {
            let get = two(exchange).map(|(project, share)| shares::Get { project, share });
            hold(exchange, get, tally);
        }
    });
    check("link_shares.delete", |exchange, tally| {
        let delete = two(exchange).map(|(project, share)| shares::Delete { project, share });
        hold(exchange, delete, tally);
    });
}

#[test]
fn bots_of_users() {
    check("bots.create", |exchange, tally| {
        hold_fields(exchange, |fields| Some(bots::Create { fields }), tally);
    });
    check("bots.read_all", |exchange, tally| {
        let list = bots::List {
            page: parameter(exchange, "page"),
            per_page: parameter(exchange, "per_page"),
            search: search(exchange),
        };
        hold(exchange, Some(list), tally);
    });
    hold_object("bots", first::<BotId>);
}

#[test]
fn what_a_server_does_not_have_is_said_before_anything_is_sent() {
    let project = ProjectId(5);
    let old = session(Release(1, 0, 0), USER);
    let one_link = shares::Get {
        project,
        share: LinkShareId(1),
    };
    let says = |error: BuildError, said: &str| {
        assert!(error.to_string().contains(said), "{error}");
    };
    says(refusal(&old, &one_link), "2.4.0 or newer");
    says(refusal(&old, &bots::List::default()), "2.4.0 or newer");
    says(
        refusal(&old, &sharing::List::users(NamespaceId(4))),
        "before 0.21.0",
    );

    let oldest = session(Release(0, 20, 4), USER);
    let public = teams::List {
        include_public: true,
        ..teams::List::default()
    };
    says(refusal(&oldest, &public), "0.24.0 or newer");
    let mut create = teams::Create::new("Cooks");
    create.fields.is_public = true.into();
    says(refusal(&oldest, &create), "0.24.0 or newer");
    let replace = teams::Replace {
        id: TeamId(1),
        fields: create.fields,
    };
    says(refusal(&oldest, &replace), "0.24.0 or newer");
    assert!(oldest.call(&teams::Create::new("Cooks")).is_ok());
}

#[test]
fn what_cannot_be_emptied_is_not_sent() {
    let at = At {
        release: Release(2, 5, 0),
        api: Api::V2,
    };
    for nothing in [Patch::Clear, "".into()] {
        let name = teams::Fields {
            name: nothing.clone(),
            ..Default::default()
        };
        let description = teams::Fields {
            description: nothing.clone(),
            ..Default::default()
        };
        let username = bots::Fields {
            username: nothing.clone(),
            ..Default::default()
        };
        let allowed = bots::Fields {
            name: nothing,
            ..Default::default()
        };
        for refused in [name.check(at), description.check(at), username.check(at)] {
            assert!(matches!(refused, Err(BuildError::CannotClear { .. })));
        }
        assert!(allowed.check(at).is_ok());
    }
}

#[test]
fn bots_are_for_users_only() {
    let token = "tk_0123456789012345678901234567890123456789";
    let newest = session(Release(2, 5, 0), token);
    let error = refusal(&newest, &bots::Get { id: BotId(4) });
    assert!(matches!(error, BuildError::ApiTokenRefused { .. }));
    assert!(newest.call(&teams::List::default()).is_ok());
    let of_bot = api_tokens::List {
        owner: Some(BotId(4).user()),
        ..api_tokens::List::default()
    };
    assert_eq!(of_bot.owner, Some(UserId(4)));
}

/// What undoes itself, or is refused the second time, is not sent twice.
#[test]
fn what_is_not_repeated() {
    assert_eq!(teams::ToggleAdmin::ROUTE.op(), Op::Act);
    let disable = bots::Disable { bot: BotId(4) };
    assert_eq!(disable.repeat(), Repeat::IfNothingHappened);
}

#[test]
fn disabling_a_bot_names_its_status_only() {
    let (request, _) = session(Release(2, 5, 0), USER)
        .call(&bots::Disable { bot: BotId(4) })
        .unwrap();
    assert_eq!(request.method(), "PATCH");
    assert_eq!(request.uri().path(), "/api/v2/user/bots/4");
    assert_eq!(request.body(), r#"{"status":2}"#);
}

/// Names stand in paths, whatever is in them.
#[test]
fn names_are_encoded() {
    let remove = sharing::Remove {
        place: ProjectId(5),
        with: Username::from("jörg/../x y"),
    };
    let (request, _) = session(Release(2, 5, 0), USER).call(&remove).unwrap();
    assert_eq!(
        request.uri().path(),
        "/api/v2/projects/5/users/j%C3%B6rg%2F..%2Fx%20y"
    );
    let route: Route = <ProjectId as Place<Username>>::ONE;
    assert_eq!(route.to_string(), "Read /projects/{project}/users/{user}");
}

/// Password and hash are sent and not printed.
#[test]
fn secrets_of_links() {
    let mut create = shares::Create::new(ProjectId(5), Permission::Read);
    create.password = Some("s3cr3t-word".to_owned().into());
    let session = session(Release(2, 5, 0), USER);
    let (request, pending) = session.call(&create).unwrap();
    assert_eq!(
        request.body(),
        r#"{"password":"s3cr3t-word","permission":0}"#
    );
    let refused = http::Response::builder()
        .status(422)
        .body(bytes::Bytes::from_static(
            br#"{"title":"no","status":422,"detail":"s3cr3t-word with {\"hash\":\"s3cr3t-hash\"} is refused"}"#,
        ))
        .unwrap();
    let error = pending.decode(&refused).unwrap_err();
    let made = br#"{"id":1,"hash":"s3cr3t-hash","permission":0,"sharing_type":2,"password":""}"#;
    let (_, pending) = session.call(&create).unwrap();
    let share: LinkShare = pending
        .decode(&http::Response::new(bytes::Bytes::from_static(made)))
        .unwrap();
    assert_eq!(share.key(), LinkShareId(1));
    let log_in = shares::LogIn {
        hash: share.hash.clone(),
        password: create.password.clone(),
    };
    let (request, entered) = session.call(&log_in).unwrap();
    assert_eq!(request.uri().path(), "/api/v2/shares/s3cr3t-hash/auth");
    let let_in = br#"{"token":"e.y.j","id":1,"hash":"s3cr3t-hash","permission":0,"project_id":5}"#;
    let guest = entered
        .decode(&http::Response::new(bytes::Bytes::from_static(let_in)))
        .unwrap();
    for text in [
        format!("{create:?}"),
        error.to_string(),
        format!("{error:?}"),
        format!("{share:?}"),
        format!("{log_in:?}"),
        format!("{guest:?}"),
    ] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}
