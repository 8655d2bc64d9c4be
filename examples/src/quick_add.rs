//! A task from one line of text: `Buy flour +Kitchen *shopping !3 due:tomorrow`.

use jiff::{civil::Date, civil::Weekday, tz::TimeZone};
use vikunja_sdk::{
    Execute, labels,
    model::{LabelId, ProjectId, Task, Timestamp},
    ops::{self, Named},
    tasks, users,
};

/// What a line says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// All words that mean nothing else.
    pub title: String,
    /// `+project`
    pub project: Option<String>,
    /// `*label`, any number of them.
    pub labels: Vec<String>,
    /// `!1` to `!5`
    pub priority: Option<i64>,
    /// `due:today`, `due:tomorrow`, `due:friday` (the next one), `due:2030-01-02`
    pub due: Option<Date>,
}

/// Why there is no task.
#[derive(Debug, thiserror::Error)]
pub enum Error<E> {
    /// The line, or a name in it, cannot be understood.
    #[error("{0}")]
    Line(String),
    /// The server.
    #[error(transparent)]
    Server(#[from] E),
}

/// Reads a line. Quotation marks hold words together (`+"Home improvement"`), and a word that begins with one is part of
/// the title, whatever it is.
pub fn parse(text: &str, today: Date) -> Result<Line, String> {
    let mut line = Line::default();
    let mut title = Vec::new();
    for word in words(text)? {
        let Some(mark) = word.mark else {
            title.push(word.text);
            continue;
        };
        let rest = word.text[mark.len()..].to_owned();
        match mark {
            "+" if line.project.is_some() => {
                return Err("a task is in one project, and the line names two".to_owned());
            }
            "+" => line.project = Some(rest),
            "*" => line.labels.push(rest),
            "!" => line.priority = Some(priority(&rest)?),
            _ => line.due = Some(day(&rest, today)?),
        }
    }
    line.title = title.join(" ");
    if line.title.is_empty() {
        return Err("the line has no title: write what is to be done".to_owned());
    }
    Ok(line)
}

struct Word {
    text: String,
    mark: Option<&'static str>,
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let mut word = String::new();
        let mut is_quoted = false;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            match c {
                '"' => is_quoted = !is_quoted,
                c if c.is_whitespace() && !is_quoted => {
                    end = at;
                    break;
                }
                c => word.push(c),
            }
        }
        if is_quoted {
            return Err(format!("a quotation mark is never closed: {rest}"));
        }
        let marks = ["+", "*", "!", "due:"];
        let is_marked =
            |mark: &&str| first != '"' && word.len() > mark.len() && word.starts_with(mark);
        let mark = marks.into_iter().find(is_marked);
        words.push(Word { text: word, mark });
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

fn priority(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(priority @ 1..=5) => Ok(priority),
        _ => Err(format!(
            "!{text} is no priority: write !1 (low) to !5 (do now)"
        )),
    }
}

fn day(text: &str, today: Date) -> Result<Date, String> {
    let lower = text.to_lowercase();
    let found = match lower.as_str() {
        "today" => Ok(today),
        "tomorrow" => today.tomorrow(),
        _ => match weekday(&lower) {
            Some(weekday) => today.nth_weekday(1, weekday),
            None => lower.parse(),
        },
    };
    found.map_err(|_| {
        format!(
            "due:{text} is no day: write today, tomorrow, a weekday such as friday, or 2030-01-02"
        )
    })
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// Makes the task. Labels that do not exist are made; a project has to be there, because a typing error would make one.
pub async fn add<X: Execute>(
    vikunja: &mut X,
    line: &Line,
    zone: &TimeZone,
) -> Result<Task, Error<X::Error>> {
    // What can be wrong is looked up before anything is made.
    let project = project(vikunja, line.project.as_deref()).await?;
    let mut found = Vec::new();
    for title in &line.labels {
        found.push(label(vikunja, title).await?);
    }
    let mut create = tasks::Create::new(project, &line.title);
    if let Some(priority) = line.priority {
        create.fields.priority = priority.into();
    }
    if let Some(day) = line.due {
        create.fields.due_date = Timestamp::due_on(day, zone).into();
    }
    let task = vikunja.execute(&create).await?.id;
    for label in found {
        vikunja.execute(&labels::Add { task, label }).await?;
    }
    Ok(vikunja.execute(&tasks::Get::new(task)).await?)
}

async fn project<X: Execute>(
    vikunja: &mut X,
    title: Option<&str>,
) -> Result<ProjectId, Error<X::Error>> {
    let Some(title) = title else {
        let user = vikunja.execute(&users::Current).await?;
        let default = user.settings.and_then(|it| it.default_project_id);
        return default.ok_or_else(|| {
            Error::Line("this account has no default project: name one, as in +Kitchen".to_owned())
        });
    };
    match ops::project_named(vikunja, title).await? {
        Named::One(project) => Ok(project.id),
        Named::Nothing => Err(Error::Line(format!(
            "there is no project «{title}»: look at the spelling, or make it first"
        ))),
        Named::Several(all) => {
            let ids: Vec<_> = all.iter().map(|it| it.id.to_string()).collect();
            Err(Error::Line(format!(
                "several projects are called «{title}» ({}): give one of them another name",
                ids.join(", ")
            )))
        }
    }
}

async fn label<X: Execute>(vikunja: &mut X, title: &str) -> Result<LabelId, Error<X::Error>> {
    Ok(match ops::label_named(vikunja, title).await? {
        Named::One(label) => label.id,
        // Labels of the same name mean the same to people.
        Named::Several(all) => all[0].id,
        Named::Nothing => vikunja.execute(&labels::Create::new(title)).await?.id,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// A Wednesday.
    const TODAY: Date = date(2030, 1, 2);

    #[test]
    fn a_line_is_a_title_and_what_is_marked() {
        let text = r#"Buy flour +"Home improvement" *shopping !3 *"to do" due:friday & milk"#;
        let line = parse(text, TODAY).unwrap();
        let expected = Line {
            title: "Buy flour & milk".to_owned(),
            project: Some("Home improvement".to_owned()),
            labels: vec!["shopping".to_owned(), "to do".to_owned()],
            priority: Some(3),
            due: Some(date(2030, 1, 4)),
        };
        assert_eq!(line, expected);
    }

    #[test]
    fn what_only_looks_marked_is_title() {
        let line = parse(r#"2 + 2 * 3 ! "+1" "due: never""#, TODAY).unwrap();
        assert_eq!(line.title, "2 + 2 * 3 ! +1 due: never");
        assert_eq!(line.project, None);
    }

    #[test]
    fn days_have_names() {
        let due = |text: &str| parse(&format!("a due:{text}"), TODAY).map(|it| it.due);
        assert_eq!(due("today"), Ok(Some(TODAY)));
        assert_eq!(due("Tomorrow"), Ok(Some(date(2030, 1, 3))));
        // The next one, never today.
        assert_eq!(due("wednesday"), Ok(Some(date(2030, 1, 9))));
        assert_eq!(due("2031-02-28"), Ok(Some(date(2031, 2, 28))));
        for wrong in ["someday", "2031-02-30"] {
            assert!(due(wrong).unwrap_err().contains("is no day"), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, problem) in [
            ("", "no title"),
            ("+Kitchen", "no title"),
            ("a +b +c", "names two"),
            ("a !9", "!1 (low) to !5"),
            ("a +\"b", "never closed"),
        ] {
            let refused = parse(text, TODAY).unwrap_err();
            assert!(refused.contains(problem), "{text}: {refused}");
        }
    }
}
