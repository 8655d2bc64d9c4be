//! Bodies of the task list, as Vikunja 2.5 writes them.

use vikunja_sdk::Api;

/// Bytes of the small page.
pub const SMALL: usize = 604;
/// Tasks on the medium page, about 25 kB.
pub const MEDIUM: usize = 35;
/// Tasks on the big page: a full one, about 36 kB.
pub const BIG: usize = 50;

/// One task, in exactly [`SMALL`] bytes.
pub fn small() -> String {
    // Every field of a task would be more than that: without author, and without dates that are not set.
    let page = |description: &str| envelope("", &task(1, description, "", "null"), 1);
    let room = SMALL - page("").len();
    page(&"x".repeat(room))
}

/// Who made everything.
const AUTHOR: &str = r#"{"id":2,"name":"","username":"load","created":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:00Z"}"#;
const SCHEMA: &str = r#""$schema":"http://127.0.0.1/api/v2/schemas/PaginatedTask.json","#;

/// [`BIG`] whole tasks, as v2 lists them.
pub fn big() -> String {
    whole(BIG)
}

/// Whole tasks of about 25 kB together.
pub fn medium() -> String {
    whole(MEDIUM)
}

fn whole(count: usize) -> String {
    let tasks: Vec<_> = (1..=count).map(whole_task).collect();
    envelope(SCHEMA, &tasks.join(","), count)
}

/// [`BIG`] tasks of an account in use: every fifth has dates, reminders, an assignee, a label and a subtask.
pub fn in_use(api: Api) -> String {
    let subtask = whole_task(99);
    let label = format!(
        r#"{{"id":1,"title":"urgent","description":"","hex_color":"e8e8e8","created_by":{AUTHOR},"created":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:00Z"}}"#
    );
    let unset = |key: &str| format!(r#""{key}":"0001-01-01T00:00:00Z""#);
    let used = |task: String| {
        task.replace(&unset("due_date"), r#""due_date":"2031-03-01T18:00:00Z""#)
            .replace(&unset("start_date"), r#""start_date":"2031-03-01T08:00:00+01:00""#)
            .replace(
                r#""reminders":null"#,
                r#""reminders":[{"reminder":"2031-02-28T18:00:00Z","relative_period":0,"relative_to":""},{"reminder":"2031-03-01T17:00:00Z","relative_period":-3600,"relative_to":"due_date"}]"#,
            )
            .replace(r#""assignees":null"#, &format!(r#""assignees":[{AUTHOR}]"#))
            .replace(r#""labels":null"#, &format!(r#""labels":[{label}]"#))
            .replace(
                r#""related_tasks":{}"#,
                &format!(r#""related_tasks":{{"subtask":[{subtask}]}}"#),
            )
    };
    let tasks: Vec<_> = (1..=BIG)
        .map(|id| match (id % 5, whole_task(id)) {
            (0, task) => used(task),
            (_, task) => task,
        })
        .collect();
    let items = tasks.join(",");
    match api {
        Api::V1 => format!("[{items}]"),
        Api::V2 => envelope(SCHEMA, &items, BIG),
    }
}

/// A task with all its keys.
fn whole_task(id: usize) -> String {
    let none = r#""0001-01-01T00:00:00Z""#;
    let unset =
        format!(r#""done_at":{none},"due_date":{none},"start_date":{none},"end_date":{none},"#);
    task(id, "<p>some words of description</p>", &unset, AUTHOR)
}

fn envelope(schema: &str, items: &str, total: usize) -> String {
    format!(
        r#"{{{schema}"items":[{items}],"total":{total},"page":1,"per_page":50,"total_pages":1}}"#
    )
}

fn task(id: usize, description: &str, unset: &str, created_by: &str) -> String {
    let then = r#""2026-01-01T00:00:00Z""#;
    format!(
        concat!(
            r#"{{"id":{id},"title":"Task {id}","description":"{description}","done":false,{unset}"#,
            r#""reminders":null,"project_id":5,"repeat_after":0,"repeat_mode":0,"priority":0,"#,
            r##""assignees":null,"labels":null,"hex_color":"","percent_done":0,"identifier":"#{id}","##,
            r#""index":{id},"related_tasks":{{}},"attachments":null,"cover_image_attachment_id":0,"is_favorite":false,"#,
            r#""created":{then},"updated":{then},"bucket_id":0,"position":0,"reactions":null,"created_by":{created_by}}}"#,
        ),
        id = id,
        description = description,
        unset = unset,
        then = then,
        created_by = created_by,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use vikunja_sdk::model::Task;

    #[derive(Deserialize)]
    struct Page {
        items: Vec<Task>,
        total: usize,
    }

    #[test]
    fn the_small_page_is_one_task_in_604_bytes() {
        let body = small();
        assert_eq!(body.len(), 604);
        let page: Page = serde_json::from_str(&body).unwrap();
        assert_eq!((page.items.len(), page.total), (1, 1));
        assert_eq!(page.items[0].title, "Task 1");
    }

    #[test]
    fn the_big_page_is_fifty_tasks_in_36_kilobytes() {
        let body = big();
        assert!((35_500..36_500).contains(&body.len()), "{}", body.len());
        let page: Page = serde_json::from_str(&body).unwrap();
        assert_eq!((page.items.len(), page.total), (50, 50));
        assert!(page.items[49].created_by.is_some());
    }

    #[test]
    fn the_medium_page_is_25_kilobytes() {
        let body = medium();
        assert!((24_500..25_500).contains(&body.len()), "{}", body.len());
        let page: Page = serde_json::from_str(&body).unwrap();
        assert_eq!(page.items.len(), MEDIUM);
    }

    #[test]
    fn every_fifth_task_in_use_has_everything() {
        let page: Page = serde_json::from_str(&in_use(Api::V2)).unwrap();
        let bare: Vec<Task> = serde_json::from_str(&in_use(Api::V1)).unwrap();
        assert_eq!(page.items, bare);
        assert_eq!(bare.len(), BIG);
        for (number, task) in (1..).zip(&bare) {
            let lengths = [
                task.reminders.len(),
                task.assignees.len(),
                task.labels.len(),
                task.related_tasks.len(),
                usize::from(task.due_date.is_some()),
                usize::from(task.start_date.is_some()),
            ];
            let expected = if number % 5 == 0 {
                [2, 1, 1, 1, 1, 1]
            } else {
                [0; 6]
            };
            assert_eq!(lengths, expected, "task {number}");
        }
    }
}
