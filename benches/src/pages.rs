//! Bodies of the task list, as Vikunja 2.5 writes them (API v2).

/// Bytes of the small page.
pub const SMALL: usize = 604;
/// Tasks on the big page: a full one, about 36 kB.
pub const BIG: usize = 50;

/// One task, in exactly [`SMALL`] bytes.
pub fn small() -> String {
    // Every field of a task would be more than that: without author, and without dates that are not set.
    let page = |description: &str| envelope("", &task(1, description, "", "null"), 1);
    let room = SMALL - page("").len();
    page(&"x".repeat(room))
}

/// [`BIG`] whole tasks.
pub fn big() -> String {
    let author = r#"{"id":2,"name":"","username":"load","created":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:00Z"}"#;
    let none = r#""0001-01-01T00:00:00Z""#;
    let unset =
        format!(r#""done_at":{none},"due_date":{none},"start_date":{none},"end_date":{none},"#);
    let tasks: Vec<_> = (1..=BIG)
        .map(|id| task(id, "<p>some words of description</p>", &unset, author))
        .collect();
    let schema = r#""$schema":"http://127.0.0.1/api/v2/schemas/PaginatedTask.json","#;
    envelope(schema, &tasks.join(","), BIG)
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
}
