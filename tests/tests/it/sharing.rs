//! Teams, shares, links and bots: what is granted can be done, what is taken away cannot.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;
use vikunja_sdk::{
    Api, ApiChoice, Client, Code, Endpoint, Error, Execute, Failure, Keyed, Pages, Path, Release,
    Route, admin, api_tokens, bots,
    model::{
        BotId, Info, Patch, Permission, Project, ProjectId, TaskId, TeamId, TimeEntryId, Timestamp,
        UserId, UserStatus,
    },
    namespaces, ops,
    page::walk,
    projects, shares,
    sharing::{self, Guest, Place, Username},
    tasks, teams, time_entries, users,
};

use super::{servers::servers, story::container};

#[tokio::test]
async fn sharing() {
    for told in servers() {
        let Some((mut nobody, info)) = told.client().await else {
            continue;
        };
        // 2.0 – 2.3 do not say that they are on SQLite.
        nobody.retry.assume_sqlite = true;
        nobody.retry.locked_tries = 12;
        let (alice, bob, carol) = (
            Person::new(&nobody).await,
            Person::new(&nobody).await,
            Person::new(&nobody).await,
        );
        let project = container(&alice.client).await;
        let team = a_team(&alice, &bob, &carol, &info).await;
        shared_with_users(&alice, project.id, &bob, &carol).await;
        shared_with_a_team(&alice, project.id, team, &bob).await;
        if alice.release() < Release(0, 21, 0) {
            a_namespace(&alice, team, &bob).await;
        }
        links(&alice, &project, &bob).await;
        if alice.release() >= Release(2, 4, 0) {
            a_bot(&alice, project.id).await;
            without_a_licence(&alice.client, &info).await;
        }
        println!("{}: all shared", told.name);
    }
}

/// A new user, logged in.
struct Person {
    id: UserId,
    name: String,
    client: Client,
}

impl Person {
    async fn new(nobody: &Client) -> Self {
        let client = nobody.signed_out();
        let name = format!("sharing{}", fastrand::u32(..));
        let register = users::Register {
            username: name.clone(),
            email: format!("{name}@example.com"),
            password: "sharing-password-1".into(),
        };
        let id = client.send(&register).await.unwrap().id;
        client
            .log_in(&name, "sharing-password-1".into())
            .await
            .unwrap();
        Self { id, name, client }
    }

    fn release(&self) -> Release {
        self.client.session().server().release
    }

    async fn send<E: Endpoint + Sync>(&self, endpoint: &E) -> vikunja_sdk::Output<E> {
        self.client.send(endpoint).await.unwrap()
    }

    /// What this person is refused.
    async fn refused<E: Endpoint + Sync>(&self, endpoint: &E) -> Option<Code> {
        refused(&self.client, endpoint).await.1
    }

    fn as_guest(&self) -> Username {
        Username::from(self.name.as_str())
    }
}

/// Status and code of a refusal.
async fn refused<E: Endpoint + Sync>(client: &Client, endpoint: &E) -> (u16, Option<Code>) {
    match client.send(endpoint).await {
        Ok(_) => panic!("{} is allowed", E::ROUTE),
        Err(error) => match error.refusal() {
            Some(refusal) => (refusal.status.as_u16(), refusal.code),
            None => panic!("{error}"),
        },
    }
}

/// A walk of one item a page finds all of them.
async fn all<L: Pages>(client: &Client, list: L) -> Vec<L::Item> {
    walk(client, list).collect(1000).await.unwrap()
}

/// A team of Alice and Bob, whom she lets manage it.
async fn a_team(alice: &Person, bob: &Person, carol: &Person, info: &Info) -> TeamId {
    let mut create = teams::Create::new("Cooks");
    create.fields.description = "<p>Who cooks</p>".into();
    let team = alice.send(&create).await.id;
    let other = alice.send(&teams::Create::new("Waiters")).await.id;
    let admins = || async {
        let team = alice.send(&teams::Get { id: team }).await;
        let admins = team.members.iter().filter(|user| user.admin == Some(true));
        let admins: BTreeSet<_> = admins.map(|user| user.id).collect();
        (team.members.len(), admins)
    };
    assert_eq!(admins().await, (1, BTreeSet::from([alice.id])));

    let add = |person: &Person, admin| teams::AddMember {
        team,
        username: person.name.clone(),
        admin,
    };
    assert_eq!(bob.refused(&add(carol, false)).await, None);
    let member = alice.send(&add(bob, false)).await;
    assert_eq!((&member.username, member.admin), (&bob.name, false));
    assert_eq!(
        alice.refused(&add(bob, false)).await,
        Some(Code::AlreadyMember)
    );
    assert!(alice.send(&add(carol, true)).await.admin);
    assert_eq!(admins().await, (3, BTreeSet::from([alice.id, carol.id])));

    // It turns around what is so, whoever it is.
    let toggle = |person: &Person| teams::ToggleAdmin {
        team,
        username: person.name.clone(),
    };
    assert!(alice.send(&toggle(bob)).await.admin);
    assert!(!alice.send(&toggle(carol)).await.admin);
    assert_eq!(admins().await, (3, BTreeSet::from([alice.id, bob.id])));
    let remove = |person: &Person| teams::RemoveMember {
        team,
        username: person.name.clone(),
    };
    carol.send(&remove(carol)).await;
    // For who is no member it says yes, and does nothing.
    assert!(alice.send(&toggle(carol)).await.admin);
    alice.send(&remove(carol)).await;
    assert_eq!(admins().await, (2, BTreeSet::from([alice.id, bob.id])));
    let the_last = teams::RemoveMember {
        team: other,
        username: alice.name.clone(),
    };
    assert_eq!(alice.refused(&the_last).await, Some(Code::LastMember));

    let list = teams::List {
        per_page: Some(1),
        ..Default::default()
    };
    let found = all(&alice.client, list).await;
    let ids: BTreeSet<_> = found.iter().map(Keyed::key).collect();
    assert_eq!(
        (found.len(), ids),
        (2, BTreeSet::from([team, other])),
        "every team once"
    );
    let named = teams::List {
        search: Some("wait".to_owned()),
        ..Default::default()
    };
    let found = all(&alice.client, named).await;
    assert_eq!(found.iter().map(Keyed::key).collect::<Vec<_>>(), [other]);

    team_edits(alice, team).await;
    public_teams(alice, carol, other, info).await;
    alice.send(&teams::Delete { id: other }).await;
    assert_eq!(
        refused(&alice.client, &teams::Get { id: other }).await.0,
        403
    );
    team
}

/// A replacement keeps an empty description; an edit changes what is named.
async fn team_edits(alice: &Person, team: TeamId) {
    let mut client = &alice.client;
    let mut before = alice.send(&teams::Get { id: team }).await;
    let renamed = teams::Fields {
        name: "Head cooks".into(),
        ..Default::default()
    };
    let mut edited = ops::edit(&mut client, team, &renamed).await.unwrap();
    assert_eq!(edited.name, "Head cooks");
    edited.name.clone_from(&before.name);
    edited.updated = before.updated;
    // Members come in any order.
    edited.members.sort_by_key(|user| user.id);
    before.members.sort_by_key(|user| user.id);
    assert_eq!(edited, before);
    let cleared = teams::Fields {
        description: Patch::Clear,
        ..Default::default()
    };
    let refused = ops::edit(&mut client, team, &cleared).await.unwrap_err();
    assert!(matches!(refused, Error::Build(_)), "{refused}");
    let replace = teams::Replace {
        id: team,
        fields: teams::Fields {
            name: "Cooks".into(),
            ..Default::default()
        },
    };
    let replaced = alice.send(&replace).await;
    assert_eq!(replaced.description, "<p>Who cooks</p>");
}

/// Public teams are found by strangers, where the server has them.
async fn public_teams(alice: &Person, carol: &Person, team: TeamId, info: &Info) {
    let list = teams::List {
        include_public: true,
        ..Default::default()
    };
    if alice.release() < Release(0, 24, 0) {
        let error = carol.client.send(&list).await.unwrap_err();
        assert!(error.to_string().contains("0.24.0 or newer"), "{error}");
        return;
    }
    let public = teams::Fields {
        is_public: true.into(),
        ..Default::default()
    };
    let edited = ops::edit(&mut &alice.client, team, &public).await.unwrap();
    assert!(edited.is_public);
    let found = all(&carol.client, list).await;
    let is_found = found.iter().any(|found| found.id == team);
    assert_eq!(is_found, info.public_teams_enabled == Some(true));
    assert_eq!(
        refused(&carol.client, &teams::Get { id: team }).await.0,
        403
    );
    // What is left out of a replacement is public no more.
    let replace = teams::Replace {
        id: team,
        fields: teams::Fields {
            name: "Waiters".into(),
            ..Default::default()
        },
    };
    alice.send(&replace).await;
    assert!(!alice.send(&teams::Get { id: team }).await.is_public);
}

/// Adds, changes and removes the share of one guest, and looks at each into the list.
async fn shared<P, G>(
    alice: &Person,
    place: P,
    guest: &G,
    list: impl Fn(P) -> sharing::List<P, G>,
    permission: impl Fn(&G::Listed) -> Option<Permission>,
    // Of one who has a share already, and of one who has none.
    codes: (Code, Code),
) where
    P: Place<G>,
    G: Guest,
{
    let now = || async {
        let guests = all(&alice.client, list(place)).await;
        guests.iter().map(&permission).collect::<Vec<_>>()
    };
    let change = |permission| sharing::Change {
        place,
        with: guest.clone(),
        permission,
    };
    // It says yes, and does nothing.
    alice.send(&change(Permission::Admin)).await;
    assert_eq!(now().await, []);

    let add = sharing::Add {
        place,
        with: guest.clone(),
        permission: Permission::Read,
    };
    alice.send(&add).await;
    assert_eq!(now().await, [Some(Permission::Read)]);
    assert_eq!(alice.refused(&add).await, Some(codes.0));
    for permission in [
        Permission::ReadWrite,
        Permission::Admin,
        Permission::Read,
        Permission::ReadWrite,
    ] {
        alice.send(&change(permission)).await;
        assert_eq!(now().await, [Some(permission)]);
    }
    let remove = sharing::Remove {
        place,
        with: guest.clone(),
    };
    alice.send(&remove).await;
    assert_eq!(now().await, []);
    assert_eq!(alice.refused(&remove).await, Some(codes.1));
}

async fn shared_with_users(alice: &Person, place: ProjectId, bob: &Person, carol: &Person) {
    shared(
        alice,
        place,
        &bob.as_guest(),
        sharing::List::users,
        |user| user.permission,
        (Code::UserHasAccess, Code::UserWithoutAccess),
    )
    .await;

    // What it is for.
    let read = projects::Get { id: place };
    let task = tasks::Create::new(place, "Bread");
    assert_eq!(refused(&bob.client, &read).await.0, 403);
    let share = |person: &Person, permission| sharing::Add {
        place,
        with: person.as_guest(),
        permission,
    };
    alice.send(&share(bob, Permission::Read)).await;
    alice.send(&share(carol, Permission::ReadWrite)).await;
    assert_eq!(bob.send(&read).await.id, place);
    assert_eq!(refused(&bob.client, &task).await.0, 403);
    carol.send(&task).await;
    let by_one = sharing::List {
        per_page: Some(1),
        ..sharing::List::users(place)
    };
    let guests = all(&bob.client, by_one).await;
    let guests: BTreeSet<_> = guests
        .iter()
        .map(|user| (user.id, user.permission))
        .collect();
    let expected = [
        (bob.id, Some(Permission::Read)),
        (carol.id, Some(Permission::ReadWrite)),
    ];
    assert_eq!(guests, expected.into());
    let searched = sharing::List {
        search: Some(carol.name.clone()),
        ..sharing::List::users(place)
    };
    let found = all(&alice.client, searched).await;
    assert_eq!(found.iter().map(Keyed::key).collect::<Vec<_>>(), [carol.id]);
    let leave = sharing::Remove {
        place,
        with: bob.as_guest(),
    };
    assert_eq!(refused(&bob.client, &leave).await.0, 403);
    alice.send(&leave).await;
    assert_eq!(refused(&bob.client, &read).await.0, 403);
    let stranger = sharing::Add {
        place,
        with: Username::from("nobody of this name"),
        permission: Permission::Read,
    };
    assert_eq!(alice.refused(&stranger).await, Some(Code::UserNotFound));
}

/// Bob is in the team.
async fn shared_with_a_team(alice: &Person, place: ProjectId, team: TeamId, bob: &Person) {
    shared(
        alice,
        place,
        &team,
        sharing::List::teams,
        |team| team.permission,
        (Code::TeamHasAccess, Code::TeamWithoutAccess),
    )
    .await;
    let share = sharing::Add {
        place,
        with: team,
        permission: Permission::ReadWrite,
    };
    alice.send(&share).await;
    bob.send(&tasks::Create::new(place, "Rolls")).await;
    alice.send(&sharing::Remove { place, with: team }).await;
    assert_eq!(
        refused(&bob.client, &projects::Get { id: place }).await.0,
        403
    );
}

/// Up to 0.20.
async fn a_namespace(alice: &Person, team: TeamId, bob: &Person) {
    let mut create = namespaces::Create::default();
    create.fields.title = "Restaurant".into();
    let place = alice.send(&create).await.id;
    shared(
        alice,
        place,
        &bob.as_guest(),
        sharing::List::users,
        |user| user.permission,
        (Code::NamespaceUserExists, Code::NamespaceWithoutUser),
    )
    .await;
    shared(
        alice,
        place,
        &team,
        sharing::List::teams,
        |team| team.permission,
        (Code::TeamHasAccess, Code::NamespaceWithoutTeam),
    )
    .await;
}

async fn links(alice: &Person, project: &Project, bob: &Person) {
    let release = alice.release();
    let mut create = shares::Create::new(project.id, Permission::ReadWrite);
    create.name = Some("guests".to_owned());
    create.password = Some("link-password-1".into());
    let link = alice.send(&create).await;
    assert_eq!(
        (link.name.as_str(), link.permission),
        ("guests", Permission::ReadWrite)
    );
    let open = alice
        .send(&shares::Create::new(project.id, Permission::Read))
        .await;
    let by_one = shares::List {
        per_page: Some(1),
        ..shares::List::new(project.id)
    };
    let found = all(&alice.client, by_one).await;
    let ids: BTreeSet<_> = found.iter().map(|link| link.id).collect();
    assert_eq!((found.len(), ids), (2, BTreeSet::from([link.id, open.id])));
    let named = shares::List {
        search: Some("guests".to_owned()),
        ..shares::List::new(project.id)
    };
    let found = all(&alice.client, named).await;
    assert_eq!(found.iter().map(Keyed::key).collect::<Vec<_>>(), [link.id]);
    assert_eq!(
        found[0].hash.expose_secret(),
        link.hash.expose_secret(),
        "a list holds the hashes"
    );
    let get = shares::Get {
        project: project.id,
        share: link.id,
    };
    if release < Release(2, 4, 0) {
        let error = alice.client.send(&get).await.unwrap_err();
        assert!(error.to_string().contains("2.4.0 or newer"), "{error}");
    } else {
        assert_eq!(alice.send(&get).await.name, "guests");
    }
    who_sees_links(alice, project.id, bob).await;

    // By the link, into this project and no other.
    let visitor = alice.client.signed_out();
    let without = shares::LogIn {
        hash: link.hash.clone(),
        password: None,
    };
    assert_eq!(
        refused(&visitor, &without).await.1,
        Some(Code::SharePasswordWanted)
    );
    let log_in = shares::LogIn {
        password: create.password,
        ..without
    };
    let guest = visitor.log_in_with(&log_in).await.unwrap();
    assert_eq!((guest.project, guest.share.id), (project.id, link.id));
    let said = format!("{guest:?} {link:?}");
    assert!(!said.contains(link.hash.expose_secret()), "{said}");
    let task = tasks::Create::new(project.id, "By a guest");
    visitor.send(&task).await.unwrap();

    for link in [link.id, open.id, open.id] {
        // Deleting again is a success, too.
        let delete = shares::Delete {
            project: project.id,
            share: link,
        };
        alice.send(&delete).await;
    }
    let left = all(&alice.client, shares::List::new(project.id)).await;
    assert!(left.is_empty());
    // Up to 1.0 the token still reads.
    let read = visitor.send(&projects::Get { id: project.id }).await;
    assert_eq!(read.is_ok(), release <= Release(1, 0, 0), "{read:?}");
    assert!(visitor.send(&task).await.is_err());
}

/// Hashes are for everybody who reads the project up to 1.x.
async fn who_sees_links(alice: &Person, place: ProjectId, bob: &Person) {
    let share = sharing::Add {
        place,
        with: bob.as_guest(),
        permission: Permission::ReadWrite,
    };
    alice.send(&share).await;
    let seen = bob.client.send(&shares::List::new(place)).await;
    assert_eq!(seen.is_ok(), alice.release() < Release(2, 0, 0));
    let as_admin = shares::Create::new(place, Permission::Admin);
    assert_eq!(refused(&bob.client, &as_admin).await.0, 403);
    let remove = sharing::Remove {
        place,
        with: bob.as_guest(),
    };
    alice.send(&remove).await;
}

/// A bot works with a token of its own, until it is disabled, for good.
async fn a_bot(alice: &Person, place: ProjectId) {
    let mut client = &alice.client;
    let name = format!("bot-{}", fastrand::u32(..));
    let mut create = bots::Create::new(name.as_str());
    create.fields.name = "Kitchen help".into();
    let bot = alice.send(&create).await;
    assert_eq!(
        (bot.status, bot.bot_owner_id),
        (UserStatus::Active, Some(alice.id))
    );
    let renamed = bots::Fields {
        username: format!("{name}-2").into(),
        ..Default::default()
    };
    let edited = ops::edit(&mut client, bot.id, &renamed).await.unwrap();
    assert_eq!(
        (edited.username.as_str(), edited.name.as_str()),
        (format!("{name}-2").as_str(), "Kitchen help")
    );
    let nameless = bots::Fields {
        name: Patch::Clear,
        ..Default::default()
    };
    let edited = ops::edit(&mut client, bot.id, &nameless).await.unwrap();
    assert_eq!(
        (edited.username, edited.name),
        (format!("{name}-2"), String::new())
    );
    let without_prefix = bots::Create::new("kitchen");
    assert_eq!(
        alice.refused(&without_prefix).await,
        Some(Code::BotNameWithoutPrefix)
    );

    let worker = bot_at_work(alice, place, bot.id, &format!("{name}-2")).await;
    let spare = alice.send(&bots::Create::new(format!("{name}-3"))).await.id;
    let by_one = bots::List {
        per_page: Some(1),
        ..Default::default()
    };
    let found = all(client, by_one).await;
    assert_eq!(
        found.iter().map(Keyed::key).collect::<BTreeSet<_>>(),
        [bot.id, spare].into()
    );
    alice.send(&bots::Delete { id: spare }).await;

    let disable = bots::Disable { bot: bot.id };
    if client.session().server().api == ApiChoice::Only(Api::V1) {
        let error = client.send(&disable).await.unwrap_err();
        assert!(matches!(error, Error::Build(_)), "{error}");
        alice.send(&bots::Delete { id: bot.id }).await;
    } else {
        alice.send(&disable).await;
        for refusal in [
            alice.refused(&bots::Get { id: bot.id }).await,
            alice.refused(&bots::Delete { id: bot.id }).await,
            ops::edit(&mut client, bot.id, &renamed)
                .await
                .unwrap_err()
                .refusal()
                .and_then(|refusal| refusal.code),
        ] {
            assert_eq!(refusal, Some(Code::AccountDisabled));
        }
        let left = all(client, bots::List::default()).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].status, UserStatus::Disabled);
    }
    let task = tasks::Create::new(place, "Too late");
    let error = worker.send(&task).await.unwrap_err();
    assert!(error.refusal().is_some(), "{error}");
}

/// A client of the bot, which may write in the project.
async fn bot_at_work(alice: &Person, place: ProjectId, bot: BotId, name: &str) -> Client {
    let share = sharing::Add {
        place,
        with: Username::from(name),
        permission: Permission::ReadWrite,
    };
    alice.send(&share).await;
    let mut client = &alice.client;
    let create = api_tokens::Create {
        title: "Kitchen".to_owned(),
        permissions: ops::permissions(&mut client, &[tasks::Create::ROUTE])
            .await
            .unwrap(),
        expires_at: Timestamp::from_unix_seconds(4_070_908_800),
        owner: Some(bot.user()),
    };
    let token = alice.send(&create).await;
    assert_eq!(token.owner_id, Some(bot.user()));
    let worker = client.signed_out();
    worker.set_token(token.token.unwrap()).unwrap();
    let made = worker
        .send(&tasks::Create::new(place, "By a bot"))
        .await
        .unwrap();
    let made = alice.send(&tasks::Get::new(made.id)).await;
    assert_eq!(made.created_by.map(|user| user.id), Some(bot.user()));
    worker
}

/// Each route of a licensed feature says that it is not there.
async fn without_a_licence(client: &Client, info: &Info) {
    assert_eq!(info.enabled_pro_features.as_deref(), Some(&[][..]));
    let (user, id) = (UserId::from(1), TimeEntryId::from(1));
    missing(client, &admin::Overview).await;
    missing(client, &admin::ListUsers::default()).await;
    missing(client, &admin::ListProjects::default()).await;
    let create = admin::CreateUser {
        username: "nobody".to_owned(),
        email: "nobody@example.com".to_owned(),
        password: "sharing-password-1".into(),
        name: None,
        language: None,
        is_admin: false,
        skip_email_confirm: false,
    };
    missing(client, &create).await;
    let is_admin = true;
    missing(client, &admin::SetAdmin { user, is_admin }).await;
    let status = UserStatus::Active;
    missing(client, &admin::SetStatus { user, status }).await;
    let password = "sharing-password-2".into();
    missing(client, &admin::SetPassword { user, password }).await;
    missing(client, &admin::SendPasswordReset { user }).await;
    let when = admin::Deletion::Now;
    missing(client, &admin::DeleteUser { user, when }).await;
    let project = ProjectId::from(1);
    let owner = user;
    missing(client, &admin::SetOwner { project, owner }).await;

    let on = TaskId::from(1);
    let fields = time_entries::Create::timer(on).fields;
    missing(client, &time_entries::List::default()).await;
    missing(client, &time_entries::ListOf::new(on)).await;
    missing(client, &time_entries::ListOf::new(project)).await;
    missing(client, &time_entries::Create::timer(on)).await;
    missing(client, &time_entries::StopTimer).await;
    missing(client, &time_entries::Get { id }).await;
    let replace = time_entries::Replace {
        id,
        fields: fields.clone(),
    };
    missing(client, &replace).await;
    missing(client, &time_entries::Patch { id, fields }).await;
    missing(client, &time_entries::Delete { id }).await;
}

/// The route is there, and answers as if it were not. A path that the server does not know would not mind the verb.
async fn missing<E: Endpoint + Sync>(client: &Client, endpoint: &E) {
    let ApiChoice::Only(api) = client.session().server().api else {
        unreachable!("the story is told to one API at a time")
    };
    if !E::ROUTE.is_on(api) {
        let error = client.send(endpoint).await.err().unwrap();
        assert!(matches!(error, Error::Build(_)), "{error}");
        return;
    }
    assert_eq!(refused(client, endpoint).await.0, 404, "{}", E::ROUTE);
    let status = refused(client, &OtherVerb(endpoint)).await.0;
    assert_eq!(status, 405, "{}", E::ROUTE);
}

/// Another endpoint by a verb that nothing has.
struct OtherVerb<'a, E>(&'a E);

impl<E: Endpoint> Endpoint for OtherVerb<'_, E> {
    const ROUTE: Route = E::ROUTE.verb(Api::V1, "LOCK").verb(Api::V2, "LOCK");
    type Reply = E::Reply;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
}
