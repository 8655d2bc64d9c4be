//! Boards, views, saved filters, copies, subscriptions, reactions and notifications.

use std::{collections::BTreeSet, time::Duration};

use vikunja_sdk::{
    Api, ApiChoice, Code, Error, Execute, Failure, Release, api_tokens, buckets, comments,
    filter::{PRIORITY, Selection, TITLE},
    labels,
    model::{
        Bucket, BucketId, NamespaceId, Order, Patch, Position, ProjectId, SortField,
        SubscriptionEntity, Task, TaskId, Timestamp, ViewId, ViewKind,
    },
    namespaces, notifications, ops,
    page::walk,
    projects, reactions, saved_filters, subscriptions, tasks, users, views,
};

use super::{
    edits::world::{VIEWS, World, free},
    servers::{Told, servers},
};

#[tokio::test]
async fn boards_and_what_is_around_them() {
    for told in servers() {
        tell(&told).await;
    }
}

async fn tell(told: &Told) {
    let Some(world) = World::on(told).await else {
        return;
    };
    board(&world).await;
    done_bucket(&world).await;
    if world.release >= VIEWS {
        order_of_a_view(&world).await;
        kinds_of_views(&world).await;
        filtered_view(&world).await;
        reacting(&world).await;
    }
    saved_filter(&world).await;
    copies(&world).await;
    one_task(&world).await;
    subscribing(&world).await;
    news(&world).await;
    feed(&world).await;
    println!("{}: all told", told.name);
}

async fn task(world: &World, title: &str) -> TaskId {
    let create = tasks::Create::new(world.home.project, title);
    world.alice.client.send(&create).await.unwrap().id
}

/// Puts a task into a bucket, as the release does it.
async fn put(world: &World, task: TaskId, bucket: BucketId) -> Result<(), Error> {
    let mut alice = world.alice.client.clone();
    if world.release >= VIEWS {
        let place = world.home.board();
        let moved = buckets::MoveTask {
            place,
            bucket,
            task,
        };
        let moved = alice.send(&moved).await?;
        assert_eq!(moved.task_id, task);
        return Ok(());
    }
    let changes = tasks::Fields {
        bucket_id: bucket.into(),
        ..Default::default()
    };
    ops::edit(&mut alice, task, &changes).await.map(drop)
}

async fn shown(world: &World) -> Vec<Bucket> {
    let board = buckets::Board::new(world.home.board());
    world.alice.client.send(&board).await.unwrap()
}

fn holds(board: &[Bucket], bucket: BucketId, task: TaskId) -> bool {
    let bucket = board.iter().find(|one| one.id == bucket).unwrap();
    bucket.tasks.iter().any(|one| one.id == task)
}

/// A bucket is made, changed field by field, filled and deleted; its tasks stay on the board.
async fn board(world: &World) {
    let mut alice = world.alice.client.clone();
    let place = world.home.board();
    let waiting = buckets::Create::new(place, "Waiting");
    let waiting = alice.send(&waiting).await.unwrap().id;
    // Made before it is the leftmost: new tasks go there.
    let (first, second) = (task(world, "First").await, task(world, "Second").await);
    let stored = async || {
        let all = world
            .alice
            .client
            .send(&buckets::List { place })
            .await
            .unwrap();
        all.into_iter().find(|one| one.id == waiting).unwrap()
    };
    let changes = [
        buckets::Fields {
            limit: 1.into(),
            ..Default::default()
        },
        buckets::Fields {
            title: "Held".into(),
            ..Default::default()
        },
        buckets::Fields {
            position: Position::new(7.5).unwrap().into(),
            ..Default::default()
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut before = stored().await;
        let edited = ops::edit_bucket(&mut alice, place, waiting, change)
            .await
            .unwrap();
        let after = stored().await;
        assert_eq!(edited, after);
        match number {
            0 => before.limit = 1,
            1 => "Held".clone_into(&mut before.title),
            _ => before.position = 7.5,
        }
        before.updated = after.updated;
        assert_eq!(before, after, "{}", world.name);
    }
    let missing = BucketId::from(999_999);
    let missing = ops::edit_bucket(&mut alice, place, missing, &changes[0]).await;
    assert!(matches!(missing, Err(Error::Build(_))));

    put(world, first, waiting).await.unwrap();
    let full = put(world, second, waiting).await.unwrap_err();
    assert_eq!(
        full.refusal().unwrap().code,
        Some(Code::BucketFull),
        "{full}"
    );
    let board = shown(world).await;
    assert!(holds(&board, waiting, first) && !holds(&board, waiting, second));
    assert_eq!(board[0].id, waiting, "it is the leftmost");
    if world.release >= Release(0, 21, 0) {
        assert_eq!(board[0].count, 1);
    }
    // One page of each bucket.
    let mut page = buckets::Board::new(place);
    page.query.per_page = Some(1);
    let page = alice.send(&page).await.unwrap();
    assert_eq!(page.len(), board.len());
    assert!(page.iter().all(|bucket| bucket.tasks.len() <= 1));

    // Where no other is named, the leftmost is the default one: its tasks would vanish from the board.
    let default = world.home.buckets[0];
    if let Some(view) = place.view {
        let changes = views::Fields {
            default_bucket_id: default.into(),
            ..Default::default()
        };
        let view = ops::edit(&mut alice, (place.project, view), &changes)
            .await
            .unwrap();
        assert_eq!(view.default_bucket_id, Some(default));
        let last = place
            .view
            .map(|view| buckets::Place::view(world.away.project, view));
        // 2.x looks for the view in the project, too.
        let elsewhere = alice
            .send(&buckets::List {
                place: last.unwrap(),
            })
            .await;
        assert!(elsewhere.is_err() || world.release < Release(2, 0, 0));
    } else {
        let last = buckets::Fields {
            position: Position::new(4e9).unwrap().into(),
            ..Default::default()
        };
        ops::edit_bucket(&mut alice, place, waiting, &last)
            .await
            .unwrap();
    }
    alice
        .send(&buckets::Delete {
            place,
            bucket: waiting,
        })
        .await
        .unwrap();
    let board = shown(world).await;
    assert!(board.iter().all(|bucket| bucket.id != waiting));
    assert!(
        board.iter().any(|bucket| holds(&board, bucket.id, first)),
        "{}",
        world.name
    );
    for task in [first, second] {
        alice.send(&tasks::Delete { id: task }).await.unwrap();
    }
}

/// Into the done bucket a task becomes done, out of it undone.
async fn done_bucket(world: &World) {
    let mut alice = world.alice.client.clone();
    let place = world.home.board();
    let [red, blue] = world.home.buckets[..] else {
        panic!("two buckets")
    };
    match place.view {
        Some(view) => {
            let changes = views::Fields {
                done_bucket_id: blue.into(),
                ..Default::default()
            };
            let view = ops::edit(&mut alice, (place.project, view), &changes)
                .await
                .unwrap();
            assert_eq!(
                (view.done_bucket_id, view.view_kind, view.default_bucket_id),
                (Some(blue), ViewKind::Kanban, Some(red))
            );
        }
        None => {
            let changes = buckets::Fields {
                is_done_bucket: true.into(),
                ..Default::default()
            };
            let bucket = ops::edit_bucket(&mut alice, place, blue, &changes)
                .await
                .unwrap();
            assert!(bucket.is_done_bucket && bucket.title == "Blue");
        }
    }
    let moved = task(world, "Moved").await;
    put(world, moved, blue).await.unwrap();
    assert!(alice.send(&tasks::Get::new(moved)).await.unwrap().done);
    // Up to 0.23 a move is a change of the task, which says itself whether it is done.
    if world.release >= VIEWS {
        put(world, moved, red).await.unwrap();
        assert!(!alice.send(&tasks::Get::new(moved)).await.unwrap().done);
    }
    alice.send(&tasks::Delete { id: moved }).await.unwrap();
}

async fn view_of(world: &World, kind: &ViewKind) -> ViewId {
    let list = views::List {
        project: world.home.project,
    };
    let views = world.alice.client.send(&list).await.unwrap();
    assert_eq!(views.len(), 4);
    views
        .iter()
        .find(|view| view.view_kind == *kind)
        .unwrap()
        .id
}

/// A list view has an order of its own, hides what is done, and can be walked through.
async fn order_of_a_view(world: &World) {
    let alice = &world.alice.client;
    let project = world.home.project;
    let view = view_of(world, &ViewKind::List).await;
    let mut made = vec![world.neighbour];
    for title in ["a", "b", "c"] {
        made.push(task(world, title).await);
    }
    let order = async || -> Vec<Task> {
        let mut list = tasks::ListOfView::new(project, view);
        list.query.per_page = Some(2);
        walk(alice, list).collect(100).await.unwrap()
    };
    let place = async |task: TaskId, position: f64| {
        let position = Position::new(position).unwrap();
        let set = tasks::SetPosition {
            task,
            view,
            position,
        };
        let set = alice.send(&set).await.unwrap();
        assert_eq!((set.task_id, set.project_view_id), (task, view));
    };
    for (number, task) in made.iter().enumerate() {
        place(*task, 1000.0 * (number + 1) as f64).await;
    }
    let ids = |tasks: &[Task]| tasks.iter().map(|task| task.id).collect::<Vec<_>>();
    let before = order().await;
    assert_eq!(ids(&before), made, "{}", world.name);
    let between = Position::between(before[0].position, before[1].position).unwrap();
    place(made[3], between.get()).await;
    assert_eq!(ids(&order().await), [made[0], made[3], made[1], made[2]]);

    let done = tasks::Fields {
        done: true.into(),
        ..Default::default()
    };
    ops::edit(&mut alice.clone(), made[3], &done).await.unwrap();
    assert_eq!(ids(&order().await), made[..3], "done tasks are hidden");
    let mut list = tasks::ListOfView::new(project, view);
    list.query.filter = Some(TITLE.eq("b"));
    assert_eq!(ids(&alice.send(&list).await.unwrap().items), [made[2]]);
    for task in &made[1..] {
        alice.send(&tasks::Delete { id: *task }).await.unwrap();
    }
}

/// Boards answer buckets, on v1 also where tasks are asked for; other views never do.
async fn kinds_of_views(world: &World) {
    let alice = &world.alice.client;
    let project = world.home.project;
    let is_v2 = alice.session().server().api == ApiChoice::Only(Api::V2);
    let show = async |kind: ViewKind| {
        let view = view_of(world, &kind).await;
        let show = views::Show {
            project,
            view,
            query: tasks::ListQuery::default(),
        };
        let shown = alice.send(&show).await.unwrap();
        let list = alice.send(&tasks::ListOfView::new(project, view)).await;
        let place = buckets::Place::view(project, view);
        let board = alice.send(&buckets::Board::new(place)).await;
        (shown, list, board)
    };
    for kind in [ViewKind::List, ViewKind::Gantt, ViewKind::Table] {
        let (shown, list, board) = show(kind).await;
        assert_eq!(shown, views::Shown::Tasks(list.unwrap()));
        assert!(board.is_err());
    }
    let (shown, list, board) = show(ViewKind::Kanban).await;
    let board = board.unwrap();
    assert!(
        board
            .iter()
            .any(|bucket| holds(&board, bucket.id, world.neighbour))
    );
    match shown {
        views::Shown::Tasks(page) => assert!(is_v2 && page == list.unwrap()),
        views::Shown::Buckets(buckets) => {
            assert!(!is_v2 && buckets == board);
            let error = list.unwrap_err().to_string();
            assert!(error.contains("buckets::Board"), "{error}");
        }
    }
}

/// What a view shows is its filter, all of which an edit replaces.
async fn filtered_view(world: &World) {
    let mut alice = world.alice.client.clone();
    let project = world.home.project;
    let mut made = Vec::new();
    for priority in 1..=4 {
        let mut create = tasks::Create::new(project, format!("Priority {priority}"));
        create.fields.priority = priority.into();
        made.push(alice.send(&create).await.unwrap().id);
    }
    let sorts = world.release >= Release(1, 0, 0);
    let mut selection = Selection::from(PRIORITY.gt(2) & TITLE.like("priority"));
    if sorts {
        selection.sort = vec![(SortField::Priority, Order::Descending)];
        selection.filter_include_nulls = true;
    }
    let mut create = views::Create::new(project, "Urgent");
    create.fields.filter = Patch::Set(selection);
    let id = (project, alice.send(&create).await.unwrap().id);
    let found = async || -> Vec<TaskId> {
        let list = tasks::ListOfView::new(id.0, id.1);
        let found = world.alice.client.send(&list).await.unwrap();
        found.items.iter().map(|task| task.id).collect()
    };
    assert_eq!(
        BTreeSet::from_iter(found().await),
        BTreeSet::from([made[2], made[3]])
    );

    let before = alice.send(&views::Get { id }).await.unwrap();
    let changes = views::Fields {
        filter: Patch::Set(PRIORITY.eq(1).into()),
        ..Default::default()
    };
    let mut after = ops::edit(&mut alice, id, &changes).await.unwrap();
    let stored = after.filter.clone().unwrap();
    assert_eq!(
        (stored.filter.as_str(), stored.sort_by.len()),
        ("priority = 1", 0)
    );
    assert!(!stored.filter_include_nulls, "{}", world.name);
    after.filter.clone_from(&before.filter);
    after.updated = before.updated;
    assert_eq!(before, after, "{}", world.name);
    assert_eq!(found().await, [made[0]]);

    let changes = views::Fields {
        filter: Patch::Clear,
        ..Default::default()
    };
    let all = ops::edit(&mut alice, id, &changes).await.unwrap();
    assert_eq!(all.filter, None);
    assert_eq!(found().await.len(), 5);
    alice.send(&views::Delete { id }).await.unwrap();
    let gone = alice.send(&views::Get { id }).await.unwrap_err();
    assert_eq!(gone.refusal().unwrap().code, Some(Code::ViewNotFound));

    // Buckets that come from filters are shown, and listed nowhere.
    let mut create = views::Create::new(project, "By priority");
    create.fields.view_kind = ViewKind::Kanban.into();
    create.fields.bucket_configuration_mode =
        vikunja_sdk::model::BucketConfigurationMode::Filter.into();
    create.fields.bucket_configuration = vec![
        views::FilteredBucket {
            title: "High".to_owned(),
            filter: PRIORITY.gt(2).into(),
        },
        views::FilteredBucket {
            title: "Low".to_owned(),
            filter: PRIORITY.eq(1).into(),
        },
    ]
    .into();
    let view = alice.send(&create).await.unwrap();
    let place = buckets::Place::view(project, view.id);
    let board = alice.send(&buckets::Board::new(place)).await.unwrap();
    let columns: Vec<_> = board
        .iter()
        .map(|bucket| (bucket.title.as_str(), bucket.tasks.len()))
        .collect();
    assert_eq!(columns, [("High", 2), ("Low", 1)], "{}", world.name);
    assert_eq!(alice.send(&buckets::List { place }).await.unwrap(), []);
    alice
        .send(&views::Delete {
            id: (project, view.id),
        })
        .await
        .unwrap();
    for task in made {
        alice.send(&tasks::Delete { id: task }).await.unwrap();
    }
}

/// A saved filter is a project that shows what it finds.
async fn saved_filter(world: &World) {
    let mut alice = world.alice.client.clone();
    let mut made = Vec::new();
    for priority in [1, 3] {
        let mut create = tasks::Create::new(world.home.project, format!("Saved {priority}"));
        create.fields.priority = priority.into();
        made.push(alice.send(&create).await.unwrap().id);
    }
    let finds = Selection {
        sort: vec![(SortField::Id, Order::Descending)],
        filter_include_nulls: true,
        ..Selection::from(PRIORITY.gt(2) & TITLE.like("saved"))
    };
    let filter = saved_filters::Create::new("Urgent", finds);
    let filter = alice.send(&filter).await.unwrap().id;
    let shows = filter.project();
    assert_eq!(shows.filter(), Some(filter));
    let is_listed = async || {
        if world.release < Release(0, 21, 0) {
            let lists = namespaces::Lists {
                namespace: NamespaceId::FILTERS,
            };
            let lists = world.alice.client.send(&lists).await.unwrap();
            return lists.iter().any(|list| list.id == shows);
        }
        let all = walk(&world.alice.client, projects::List::default());
        let all = all.collect(1000).await.unwrap();
        all.iter().any(|project| project.id == shows)
    };
    assert!(is_listed().await, "{}", world.name);
    let found = async || -> BTreeSet<TaskId> {
        let list = tasks::ListOfProject {
            project: shows,
            query: tasks::ListQuery::default(),
        };
        let found = walk(&world.alice.client, list).collect(100).await.unwrap();
        found.iter().map(|task| task.id).collect()
    };
    assert!(found().await.contains(&made[1]), "{}", world.name);

    let before = alice
        .send(&saved_filters::Get { id: filter })
        .await
        .unwrap();
    let changes = saved_filters::Fields {
        filters: Patch::Set(PRIORITY.eq(1).into()),
        ..Default::default()
    };
    let mut after = ops::edit(&mut alice, filter, &changes).await.unwrap();
    assert!(after.filters.sort_by.is_empty() && !after.filters.filter_include_nulls);
    assert_eq!(found().await, BTreeSet::from([made[0]]), "{}", world.name);
    after.filters.clone_from(&before.filters);
    after.updated = before.updated;
    assert_eq!(before, after);

    alice
        .send(&saved_filters::Delete { id: filter })
        .await
        .unwrap();
    let gone = alice
        .send(&saved_filters::Get { id: filter })
        .await
        .unwrap_err();
    assert_eq!(gone.refusal().unwrap().code, Some(Code::FilterNotFound));
    assert!(!is_listed().await);
    for task in made {
        alice.send(&tasks::Delete { id: task }).await.unwrap();
    }
}

/// A copy of a project has its tasks; whom it is shared with differs by release.
async fn copies(world: &World) {
    let alice = &world.alice.client;
    let users = async |project: ProjectId| -> BTreeSet<_> {
        let search = projects::SearchUsers {
            project,
            search: None,
        };
        let users = alice.send(&search).await.unwrap();
        users.iter().map(|user| user.id).collect()
    };
    let both = BTreeSet::from([world.alice.id, world.bob.id]);
    assert_eq!(users(world.home.project).await, both);
    let bob = world.bob.client.send(&users::Current).await.unwrap();
    let search = projects::SearchUsers {
        project: world.home.project,
        search: Some(bob.username),
    };
    let found = alice.send(&search).await.unwrap();
    assert_eq!(
        found.iter().map(|user| user.id).collect::<Vec<_>>(),
        [bob.id]
    );

    let mut copy = projects::Duplicate::new(world.home.project);
    if world.release < Release(0, 21, 0) {
        let own = walk(alice, namespaces::List::default())
            .collect(100)
            .await
            .unwrap();
        let own = own.iter().find(|one| one.id.get() > 0).unwrap().id;
        copy.namespace = Some(own);
        let lists = alice
            .send(&namespaces::Lists { namespace: own })
            .await
            .unwrap();
        assert!(lists.iter().any(|list| list.id == world.home.project));
    }
    let bare = alice.send(&copy).await.unwrap().project;
    let list = tasks::ListOfProject {
        project: bare.id,
        query: tasks::ListQuery::default(),
    };
    let tasks = walk(alice, list).collect(100).await.unwrap();
    assert!(
        tasks.iter().any(|task| task.title == "Neighbour"),
        "{}",
        world.name
    );
    let are_copied = world.release < Release(2, 4, 0);
    assert_eq!(users(bare.id).await == both, are_copied, "{}", world.name);
    copy.with_shares = Some(true);
    let shared = alice.send(&copy).await.unwrap().project;
    assert_eq!(users(shared.id).await, both);
    if world.release >= Release(0, 21, 0) {
        copy.parent = Some(bare.id);
        let child = alice.send(&copy).await.unwrap().project;
        assert_eq!(child.parent_project_id, Some(bare.id));
    }
    for id in [bare.id, shared.id] {
        alice.send(&projects::Delete { id }).await.unwrap();
    }
}

async fn one_task(world: &World) {
    let mut alice = world.alice.client.clone();
    let id = task(world, "Original").await;
    if world.release >= Release(1, 0, 0) {
        let unread = async || {
            let mut list = tasks::ListOfProject {
                project: world.home.project,
                query: tasks::ListQuery::default(),
            };
            list.query.expand = vec![vikunja_sdk::model::Expand::IsUnread];
            let all = walk(&world.bob.client, list).collect(100).await.unwrap();
            all.iter().find(|task| task.id == id).unwrap().is_unread
        };
        let bob = world
            .bob
            .client
            .send(&users::Current)
            .await
            .unwrap()
            .username;
        let name = format!("<mention-user data-id=\"{bob}\">@{bob}</mention-user> look");
        alice.send(&comments::Create::new(id, name)).await.unwrap();
        until(unread, "the comment is unread").await;
        world
            .bob
            .client
            .send(&tasks::MarkRead { task: id })
            .await
            .unwrap();
        assert!(!unread().await, "{}", world.name);
    } else {
        let mark = alice.send(&tasks::MarkRead { task: id }).await.unwrap_err();
        assert!(matches!(mark, Error::Build(_)));
    }
    if world.release >= Release(2, 4, 0) {
        let label = world.labels[0];
        alice.send(&labels::Add { task: id, label }).await.unwrap();
        let copy = alice
            .send(&tasks::Duplicate { task: id })
            .await
            .unwrap()
            .task;
        assert_eq!(
            (copy.title.as_str(), copy.labels[0].id),
            ("Original", label)
        );
        let identifier = format!("F{}", fastrand::u32(..1_000_000));
        let changes = projects::Fields {
            identifier: identifier.clone().into(),
            ..Default::default()
        };
        let project = world.home.project;
        ops::edit(&mut alice, project, &changes).await.unwrap();
        let index = copy.index;
        let by_id = tasks::GetByIndex { project, index };
        assert_eq!(alice.send(&by_id).await.unwrap().id, copy.id);
        let by_name = tasks::GetByIndex {
            project: identifier.to_lowercase(),
            index,
        };
        assert_eq!(alice.send(&by_name).await.unwrap().id, copy.id);
        alice.send(&tasks::Delete { id: copy.id }).await.unwrap();
    }
    alice.send(&tasks::Delete { id }).await.unwrap();
}

/// Notifications and the like come a moment later.
async fn until(mut is_so: impl AsyncFnMut() -> bool, what: &str) {
    for _ in 0..100 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within five seconds: {what}");
}

async fn subscribing(world: &World) {
    let bob = &world.bob.client;
    let to = task(world, "Subscribed").await;
    let made = bob.send(&subscriptions::Create { to }).await.unwrap();
    assert_eq!(
        (made.entity, made.entity_id),
        (SubscriptionEntity::Task, to.get())
    );
    let again = bob.send(&subscriptions::Create { to }).await.unwrap_err();
    assert!(again.refusal().unwrap().is_already_so(), "{again}");
    let read = bob.send(&tasks::Get::new(to)).await.unwrap();
    assert_eq!(read.subscription.map(|one| one.id), Some(made.id));
    bob.send(&subscriptions::Delete { to }).await.unwrap();
    let again = bob.send(&subscriptions::Delete { to }).await.unwrap_err();
    assert_eq!(again.refusal().unwrap().status, 403);

    let to = world.home.project;
    bob.send(&subscriptions::Create { to }).await.unwrap();
    let read = bob.send(&projects::Get { id: to }).await.unwrap();
    let entity = read.subscription.unwrap().entity;
    let is_list = world.release < Release(0, 21, 0);
    let expected = if is_list {
        SubscriptionEntity::List
    } else {
        SubscriptionEntity::Project
    };
    assert_eq!(entity, expected);
    if is_list {
        let to = read.namespace_id.unwrap();
        let made = world
            .alice
            .client
            .send(&subscriptions::Create { to })
            .await
            .unwrap();
        assert_eq!(made.entity, SubscriptionEntity::Namespace);
        world
            .alice
            .client
            .send(&subscriptions::Delete { to })
            .await
            .unwrap();
    }
    bob.send(&subscriptions::Delete { to }).await.unwrap();
    world
        .alice
        .client
        .send(&tasks::Delete {
            id: read_task(world, "Subscribed").await,
        })
        .await
        .unwrap();
}

async fn read_task(world: &World, title: &str) -> TaskId {
    let mut list = tasks::ListOfProject {
        project: world.home.project,
        query: tasks::ListQuery::default(),
    };
    list.query.filter = Some(TITLE.eq(title));
    world.alice.client.send(&list).await.unwrap().items[0].id
}

async fn reacting(world: &World) {
    let (alice, bob) = (&world.alice.client, &world.bob.client);
    let to = world.neighbour;
    assert!(
        alice
            .send(&reactions::List { to })
            .await
            .unwrap()
            .is_empty()
    );
    let add = |value: &str| reactions::Add {
        to,
        value: value.to_owned(),
    };
    for (who, value) in [(alice, "👍"), (alice, "👍"), (bob, "👍"), (bob, "❤")] {
        assert_eq!(who.send(&add(value)).await.unwrap().value, value);
    }
    let found = alice.send(&reactions::List { to }).await.unwrap();
    let users = |value: &str| {
        found[value]
            .iter()
            .map(|user| user.id)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(users("👍"), BTreeSet::from([world.alice.id, world.bob.id]));
    assert_eq!(users("❤"), BTreeSet::from([world.bob.id]));
    for who in [alice, bob] {
        let remove = reactions::Remove {
            to,
            value: "👍".to_owned(),
        };
        who.send(&remove).await.unwrap();
        who.send(&remove).await.unwrap();
    }
    let found = alice.send(&reactions::List { to }).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), ["❤"]);

    let comment = alice
        .send(&comments::Create::new(to, "<p>So?</p>"))
        .await
        .unwrap()
        .id;
    let value = "🎉".to_owned();
    bob.send(&reactions::Add { to: comment, value })
        .await
        .unwrap();
    let found = alice.send(&reactions::List { to: comment }).await.unwrap();
    assert_eq!(found["🎉"][0].id, world.bob.id);
    let listed = alice.send(&comments::List::new(to)).await.unwrap().items;
    assert_eq!(listed[0].reactions["🎉"][0].id, world.bob.id);
}

/// Bob hears of Alice's comments on what he has subscribed to.
async fn news(world: &World) {
    let (alice, bob) = (&world.alice.client, &world.bob.client);
    let to = task(world, "Talked about").await;
    if world.release >= Release(0, 22, 0) {
        bob.send(&notifications::MarkAllRead).await.unwrap();
    }
    bob.send(&subscriptions::Create { to }).await.unwrap();
    let heard = async || {
        let list = notifications::List {
            per_page: Some(1),
            ..Default::default()
        };
        let all = walk(bob, list).collect(100).await.unwrap();
        let is_it = |one: &vikunja_sdk::model::Notification| {
            one.content.task.as_ref().is_some_and(|task| task.id == to)
        };
        all.into_iter().filter(is_it).collect::<Vec<_>>()
    };
    // 2.5 on SQLite drops some when its file is locked, so that one comment is not enough.
    let comment = async || {
        let comment = comments::Create::new(to, "<p>News</p>");
        alice.send(&comment).await.unwrap();
    };
    comment().await;
    until(
        async || {
            let is_there = heard().await.len() > 1;
            if !is_there {
                tokio::time::sleep(Duration::from_millis(200)).await;
                comment().await;
            }
            is_there
        },
        "two notifications",
    )
    .await;
    let first = heard().await.remove(0);
    assert_eq!(
        first.name,
        vikunja_sdk::model::NotificationName::TaskComment
    );
    assert_eq!(first.content.doer.map(|user| user.id), Some(world.alice.id));
    assert!(
        first
            .content
            .comment
            .unwrap()
            .comment
            .starts_with("<p>News")
    );
    let read_at = async || -> Option<Timestamp> {
        let all = heard().await;
        all.iter().find(|one| one.id == first.id).unwrap().read_at
    };
    for read in [true, false, true, false] {
        let mark = notifications::Mark {
            notification: first.id,
            read,
        };
        assert_eq!(bob.send(&mark).await.unwrap().read, Some(read));
        assert_eq!(read_at().await.is_some(), read, "{}", world.name);
    }
    if world.release >= Release(0, 22, 0) {
        bob.send(&notifications::MarkAllRead).await.unwrap();
        assert!(read_at().await.is_some());
    }
    alice.send(&tasks::Delete { id: to }).await.unwrap();
}

/// A feed reader has a name and an API token.
async fn feed(world: &World) {
    let bob = &world.bob.client;
    let username = bob.send(&users::Current).await.unwrap().username;
    if world.release < Release(2, 4, 0) {
        let feed = notifications::AtomFeed {
            username,
            token: "tk_none".into(),
        };
        assert!(matches!(bob.send(&feed).await, Err(Error::Build(_))));
        return;
    }
    let bob = free(bob);
    let create = api_tokens::Create {
        title: "Reader".to_owned(),
        permissions: [("feeds".to_owned(), vec!["access".to_owned()])].into(),
        expires_at: Timestamp::from_unix_seconds(4_000_000_000),
        owner: None,
    };
    let token = bob.send(&create).await.unwrap().token.unwrap();
    let feed = notifications::AtomFeed {
        username: username.clone(),
        token,
    };
    let feed = bob.send(&feed).await.unwrap();
    assert!(
        feed.head
            .content_type
            .unwrap()
            .starts_with("application/atom+xml")
    );
    let text = String::from_utf8(feed.bytes.to_vec()).unwrap();
    assert!(text.contains("<feed") && text.contains("<entry"), "{text}");
    let wrong = notifications::AtomFeed {
        username,
        token: "tk_none".into(),
    };
    let refused = bob.send(&wrong).await.unwrap_err();
    assert!(refused.refusal().unwrap().is_unauthorized(), "{refused}");
}
