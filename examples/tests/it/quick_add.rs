//! One line, one task.

use jiff::{
    civil::date,
    tz::{TimeZone, offset},
};
use vikunja_examples::quick_add::{Line, add, parse};
use vikunja_sdk::{labels, page::walk, projects};

use crate::{client, servers};

#[tokio::test]
async fn names_become_ids_and_days_end_where_one_lives() {
    for server in servers() {
        let client = client(&server).await;
        let kitchen = client
            .send(&projects::Create::new("My kitchen"))
            .await
            .unwrap();
        let there = client.send(&labels::Create::new("shopping")).await.unwrap();
        let text = r#"Buy flour +"My kitchen" *shopping *new !3 due:tomorrow"#;
        let line = parse(text, date(2030, 1, 1)).unwrap();
        let zone = TimeZone::fixed(offset(1));
        let task = add(&mut &client, &line, &zone).await.unwrap();
        assert_eq!(task.title, "Buy flour");
        assert_eq!((task.project_id, task.priority), (kitchen.id, 3));
        assert_eq!(task.due_date.unwrap().to_string(), "2030-01-02T22:59:59Z");
        let mut titles: Vec<_> = task.labels.iter().map(|it| it.title.as_str()).collect();
        titles.sort_unstable();
        assert_eq!(titles, ["new", "shopping"]);
        assert!(task.labels.iter().any(|it| it.id == there.id));
    }
}

#[tokio::test]
async fn a_name_that_means_nothing_or_two_things_makes_nothing() {
    for server in servers() {
        let client = client(&server).await;
        for _ in 0..2 {
            client.send(&projects::Create::new("Twin")).await.unwrap();
        }
        for (project, problem) in [
            ("Kitchn", "look at the spelling"),
            ("Twin", "several projects"),
        ] {
            let line = Line {
                title: "t".to_owned(),
                project: Some(project.to_owned()),
                labels: vec!["new".to_owned()],
                ..Default::default()
            };
            let refused = add(&mut &client, &line, &TimeZone::UTC).await.unwrap_err();
            assert!(refused.to_string().contains(problem), "{refused}");
        }
        let labels = walk(&client, labels::List::default()).collect(10).await;
        assert_eq!(labels.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn without_a_project_it_is_the_default_one() {
    for server in servers() {
        let client = client(&server).await;
        let line = parse("Buy flour", date(2030, 1, 1)).unwrap();
        let task = add(&mut &client, &line, &TimeZone::UTC).await.unwrap();
        let all = walk(&client, projects::List::default())
            .collect(10)
            .await
            .unwrap();
        assert!(
            all.iter()
                .any(|it| it.id == task.project_id && it.title == "Inbox")
        );
    }
}
