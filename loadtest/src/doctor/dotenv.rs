//! `.env` files, as compose reads them: one variable a line.

use std::path::{Path, PathBuf};

/// A file of variables.
#[derive(Debug)]
pub(super) struct EnvFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Its variables.
    pub(super) variables: Vec<Variable>,
    /// Lines that are none: their numbers. What they hold is never shown, for it may be the rest of a secret.
    pub(super) strays: Vec<usize>,
}

/// A variable.
#[derive(Clone, PartialEq)]
pub(super) struct Variable {
    /// Name.
    pub(super) name: String,
    /// Value, without its quotation marks.
    pub(super) value: String,
    /// Line, from 1.
    pub(super) line: usize,
}

impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in line {}", self.name, self.line)
    }
}

/// Characters of a line of `openssl rand -base64`.
const OPENSSL: usize = 64;

impl EnvFile {
    /// Reads a file's text.
    pub(super) fn read(path: &Path, text: &str) -> Self {
        let mut file = Self {
            path: path.to_owned(),
            variables: Vec::new(),
            strays: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let read = variable(line, number + 1);
            match read.filter(|variable| !file.continues(variable)) {
                Some(variable) => file.variables.push(variable),
                None => file.strays.push(number + 1),
            }
        }
        file
    }

    /// The value of a variable: the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().rev().find(|one| one.name == name);
        found.map(|one| one.value.as_str())
    }

    /// Whether this is the end of the value before: `AbCd==` below a full line of Base64 looks like a variable.
    fn continues(&self, variable: &Variable) -> bool {
        self.variables.last().is_some_and(|before| {
            before.line + 1 == variable.line
                && before.value.len() >= OPENSSL
                && matches!(variable.value.as_str(), "" | "=")
        })
    }
}

fn variable(line: &str, number: usize) -> Option<Variable> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let first = name.chars().next()?;
    let is_name =
        !first.is_ascii_digit() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then(|| Variable {
        name: name.to_owned(),
        value: unquoted(value.trim()).to_owned(),
        line: number,
    })
}

fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some((inside, _)) = value
            .strip_prefix(quote)
            .and_then(|rest| rest.split_once(quote))
        {
            return inside;
        }
    }
    // A comment needs a space before it; a # inside a password is a character.
    value
        .split_once(" #")
        .map_or(value, |(value, _)| value.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> EnvFile {
        EnvFile::read(Path::new(".env"), text)
    }

    #[test]
    fn variables_are_read_as_compose_reads_them() {
        let file = read("# c\nexport A=1\nB = 'x y' # c\nC=p#w # c\nA=2\n\nD=\n");
        for (name, value) in [("A", "2"), ("B", "x y"), ("C", "p#w"), ("D", "")] {
            assert_eq!(file.get(name), Some(value), "{name}");
        }
        assert_eq!(file.variables[2].line, 4);
        assert!(file.strays.is_empty());
    }

    #[test]
    fn the_rest_of_a_broken_secret_is_a_stray_line_and_never_shown() {
        let first = "q".repeat(64);
        for rest in ["ab/cd+ef==", "abcdefgh==", "abcdefg=", "abcdefgh"] {
            let file = read(&format!("SECRET={first}\n{rest}\nB=1\n"));
            assert_eq!(file.strays, [2], "{rest}");
            assert_eq!(file.variables.len(), 2);
            assert!(!format!("{file:?}").contains("qqq"));
        }
        assert!(read("SHORT=abc\nEMPTY=\n").strays.is_empty());
    }
}
