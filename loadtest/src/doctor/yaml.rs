//! YAML that keeps what compose files are judged by: the lines, and keys that stand twice. Readers into types drop both.

use std::{collections::HashMap, rc::Rc};

use saphyr_parser::{Event, Parser};

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// A value, and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Line, from 1.
    pub(super) line: usize,
    /// What it is.
    pub(super) value: Value,
}

/// What a value is. Scalars are texts: nothing here needs to tell `"5"` from `5`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A scalar.
    Text(String),
    /// A sequence.
    List(Vec<Rc<Node>>),
    /// A mapping, with every entry as it stands.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Key.
    pub(super) key: String,
    /// Line of the key, from 1.
    pub(super) line: usize,
    /// Value.
    pub(super) node: Rc<Node>,
}

/// A file that cannot be read as YAML.
#[derive(Debug, PartialEq)]
pub(super) struct Broken {
    /// Line, from 1.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) why: String,
}

/// What is open while reading: a list, or a map with the key that waits for its value.
enum Open {
    List(usize, Vec<Rc<Node>>),
    Map(usize, Vec<Entry>, Option<(String, usize)>),
}

/// Reads the first document; `None` where there is nothing in it.
pub(super) fn read(text: &str) -> Result<Option<Rc<Node>>, Broken> {
    let mut open: Vec<(Open, usize)> = Vec::new();
    let mut anchors: HashMap<usize, Rc<Node>> = HashMap::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| Broken {
            line: error.marker().line(),
            why: error.info().to_owned(),
        })?;
        let line = span.start.line();
        let broken = |why: &str| Broken {
            line,
            why: why.to_owned(),
        };
        let (node, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => {
                let value = Value::Text(text.into_owned());
                (Rc::new(Node { line, value }), anchor)
            }
            Event::Alias(anchor) => {
                let node = anchors
                    .get(&anchor)
                    .ok_or_else(|| broken("unknown alias"))?;
                (Rc::clone(node), 0)
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() == DEEPEST => {
                return Err(broken("nested too deeply"));
            }
            Event::SequenceStart(anchor, _) => {
                open.push((Open::List(line, Vec::new()), anchor));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((Open::Map(line, Vec::new(), None), anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((ended, anchor)) => (Rc::new(ended.into_node()), anchor),
                None => return Err(broken("an end without a beginning")),
            },
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => continue,
        };
        if anchor > 0 {
            anchors.insert(anchor, Rc::clone(&node));
        }
        match open.last_mut() {
            None => return Ok(Some(node)),
            Some((Open::List(_, items), _)) => items.push(node),
            Some((Open::Map(_, entries, key), _)) => match key.take() {
                Some((key, line)) => entries.push(Entry { key, line, node }),
                None => match &node.value {
                    Value::Text(text) => *key = Some((text.clone(), line)),
                    _ => return Err(broken("a key must be a text")),
                },
            },
        }
    }
    Ok(None)
}

impl Open {
    fn into_node(self) -> Node {
        match self {
            Self::List(line, items) => Node {
                line,
                value: Value::List(items),
            },
            Self::Map(line, entries, _) => Node {
                line,
                value: Value::Map(entries),
            },
        }
    }
}

impl Node {
    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, where it is a list.
    pub(super) fn items(&self) -> &[Rc<Node>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries, where it is a map; those that `<<` merges in come last.
    pub(super) fn entries(&self) -> Vec<&Entry> {
        let Value::Map(entries) = &self.value else {
            return Vec::new();
        };
        let (merged, own): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.key == "<<");
        let merged = merged
            .into_iter()
            .flat_map(|entry| match &entry.node.value {
                Value::List(items) => items.iter().flat_map(|item| item.entries()).collect(),
                _ => entry.node.entries(),
            });
        own.into_iter().chain(merged).collect()
    }

    /// The value of a key: of one that stands twice the last, as readers do that accept it.
    pub(super) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        let own = match &self.value {
            Value::Map(entries) => entries.iter().rev().find(|entry| entry.key == key),
            _ => None,
        };
        own.or_else(|| self.entries().into_iter().find(|entry| entry.key == key))
            .map(|entry| &entry.node)
    }

    /// Keys that stand twice in one map, anywhere below: the key, the first line and the other.
    pub(super) fn duplicates(&self) -> Vec<(String, usize, usize)> {
        let mut found = Vec::new();
        match &self.value {
            Value::Text(_) => {}
            Value::List(items) => found.extend(items.iter().flat_map(|item| item.duplicates())),
            Value::Map(entries) => {
                for (number, entry) in entries.iter().enumerate() {
                    let first = entries[..number].iter().find(|one| one.key == entry.key);
                    if let Some(first) = first {
                        found.push((entry.key.clone(), first.line, entry.line));
                    }
                    found.extend(entry.node.duplicates());
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Rc<Node> {
        read(text).unwrap().unwrap()
    }

    #[test]
    fn lines_and_duplicates_are_kept() {
        let tree = tree("a:\n  b: 1\n  c: [x, y]\n  b: 2\n");
        assert_eq!(tree.duplicates(), [("b".to_owned(), 2, 4)]);
        let a = tree.get("a").unwrap();
        assert_eq!(a.get("b").unwrap().text(), Some("2"));
        assert_eq!(a.get("c").unwrap().line, 3);
        assert_eq!(a.get("c").unwrap().items().len(), 2);
    }

    #[test]
    fn anchors_and_merges_are_followed() {
        let tree = tree("x: &x\n  user: root\ny:\n  <<: *x\n  image: i\n");
        let y = tree.get("y").unwrap();
        assert_eq!(y.get("user").unwrap().text(), Some("root"));
        assert_eq!(y.get("image").unwrap().line, 5);
        assert_eq!(y.entries().len(), 2);
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_line() {
        assert_eq!(read("a: 1\nb: [\n").unwrap_err().line, 3);
        assert_eq!(read("").unwrap(), None);
        assert!(read(&"[".repeat(5000)).is_err());
    }
}
