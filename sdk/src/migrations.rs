//! Imports from other services and from files.
//!
//! Services ([`Service`]: Todoist, Trello, Microsoft To Do) are asked by the server itself, with a code that the user
//! gets in a browser. Files ([`FileFormat`]) are uploaded. CSV files (2.3+) need a word about their columns besides.
//!
//! `available_migrators` of [`/info`](crate::info) names what a server imports. Services that it was not told to use
//! are 404.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{NewFile, migrations::{Csv, DetectCsv, ImportCsv, Status}};
//!
//! let file = NewFile::from_bytes("tasks.csv", "title,done\nPeel,false\n");
//! let config = vikunja.send(&DetectCsv { file: file.clone() }).await?.config();
//! vikunja.upload(&ImportCsv { file, config }).await?;
//! let status = vikunja.send(&Status::of(Csv)).await?;
//! println!("done at {:?}", status.finished_at);
//! # Ok(()) }
//! ```

use std::marker::PhantomData;

use secrecy::SecretString;
use serde::Serialize;

use crate::{
    Api, At, Body, BuildError, Empty, Endpoint, Form, Json, NewFile, Release, Route,
    model::{CsvConfig, CsvDetected, CsvPreview, ImportAuthUrl, ImportStatus},
    retry::Repeat,
    secret::exposed,
};

/// Something that a server imports from.
pub trait Importer: Copy + Send + Sync {
    /// Where the import's status is read.
    const STATUS: Route;
}

/// A service that the server asks for the user's data.
pub trait Service: Importer {
    /// Where the address is read at which the user agrees.
    const AUTH_URL: Route;
    /// Where the import is begun.
    const MIGRATE: Route;
}

/// A file that holds a user's data.
pub trait FileFormat: Importer {
    /// Where the file is sent to.
    const IMPORT: Route;
}

/// Release with the newer importers.
const V2_3: Release = Release(2, 3, 0);

macro_rules! importers {
    ($($(#[$doc:meta])* $kind:ident $name:ident = $path:literal $(since $since:ident)?;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name;

        impl Importer for $name {
            const STATUS: Route = Route::read(concat!("/migration/", $path, "/status"))$(.since($since))?;
        }

        importers!($kind $name $path $($since)?);
    )+};
    (service $name:ident $path:literal) => {
        impl Service for $name {
            const AUTH_URL: Route = Route::read(concat!("/migration/", $path, "/auth"));
            const MIGRATE: Route = Route::act(concat!("/migration/", $path, "/migrate"));
        }
    };
    (file $name:ident $path:literal $($since:ident)?) => {
        impl FileFormat for $name {
            const IMPORT: Route = Route::create(concat!("/migration/", $path, "/migrate"))$(.since($since))?;
        }
    };
    // Its file does not come alone.
    (table $name:ident $path:literal $since:ident) => {};
}

importers! {
    /// Todoist.
    service Todoist = "todoist";
    /// Trello.
    service Trello = "trello";
    /// Microsoft To Do.
    service MicrosoftTodo = "microsoft-todo";
    /// What a Vikunja server of the same release exported: a zip.
    file VikunjaFile = "vikunja-file";
    /// What TickTick exports: CSV of its own kind.
    file TickTick = "ticktick";
    /// What WeKan exports of a board: JSON (2.3+).
    file Wekan = "wekan" since V2_3;
    /// Any CSV file (2.3+), by [`ImportCsv`].
    table Csv = "csv" since V2_3;
}

/// Reads how the caller's last import went. Imports from services run on after their answer (0.21+), so that this is
/// to be read until [`finished_at`](ImportStatus::finished_at) is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status<I>(PhantomData<I>);

impl<I: Importer> Status<I> {
    /// The caller's last import from there.
    pub fn of(_: I) -> Self {
        Self(PhantomData)
    }
}

impl<I: Importer> Endpoint for Status<I> {
    const ROUTE: Route = I::STATUS;
    type Reply = Json<ImportStatus>;
}

/// Reads the address at which the user lets the server have their data of a service.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthUrl<S>(PhantomData<S>);

impl<S: Service> AuthUrl<S> {
    /// For this service.
    pub fn of(_: S) -> Self {
        Self(PhantomData)
    }
}

impl<S: Service> Endpoint for AuthUrl<S> {
    const ROUTE: Route = S::AUTH_URL;
    type Reply = Json<ImportAuthUrl>;
}

/// Imports the user's data of a service. In 0.20 it is over with the answer; later it runs on, see [`Status`]. A second
/// one meanwhile is 412 (0.24+). That a code is wrong is said by 0.20 only (500).
///
/// Not checked on a running server beyond a refused code: it needs an application registered with the service.
#[derive(Clone, Debug, Serialize)]
pub struct Migrate<S> {
    /// From where.
    #[serde(skip)]
    pub service: S,
    /// The code that came back from [`AuthUrl`].
    #[serde(serialize_with = "exposed")]
    pub code: SecretString,
}

impl<S: Service> Endpoint for Migrate<S> {
    const ROUTE: Route = S::MIGRATE;
    type Reply = Empty;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Imports a file; it is over with the answer. A file of another kind is 400, up to 0.24 also 500. The server's limit
/// for files does not hold here; from 1.0 the request can be 2 MB larger than it.
/// [`crate::Client::upload`] sends it with time-outs that suit large files.
#[derive(Clone, Debug)]
pub struct Import<F> {
    /// What the file is.
    pub format: F,
    /// The file.
    pub file: NewFile,
}

impl<F: FileFormat> Endpoint for Import<F> {
    const ROUTE: Route = F::IMPORT;
    type Reply = Empty;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        form(&self.file).map(Body::Form)
    }
    fn repeat(&self) -> Repeat {
        NewFile::repeat(std::slice::from_ref(&self.file))
    }
}

/// Looks at a CSV file (2.3+): columns, separator, dates, and what its columns may be. Nothing is imported.
#[derive(Clone, Debug)]
pub struct DetectCsv {
    /// The file.
    pub file: NewFile,
}

impl Endpoint for DetectCsv {
    const ROUTE: Route = csv_look("/migration/csv/detect");
    type Reply = Json<CsvDetected>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        form(&self.file).map(Body::Form)
    }
    fn repeat(&self) -> Repeat {
        NewFile::repeat(std::slice::from_ref(&self.file))
    }
}

/// Shows the first tasks that [`ImportCsv`] would make (2.3+). Nothing is imported.
#[derive(Clone, Debug)]
pub struct PreviewCsv {
    /// The file.
    pub file: NewFile,
    /// How it is read: [`CsvDetected::config`], corrected.
    pub config: CsvConfig,
}

impl Endpoint for PreviewCsv {
    const ROUTE: Route = csv_look("/migration/csv/preview");
    type Reply = Json<CsvPreview>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        csv_form(&self.file, &self.config)
    }
    fn repeat(&self) -> Repeat {
        NewFile::repeat(std::slice::from_ref(&self.file))
    }
}

/// Imports a CSV file (2.3+), into projects below a new one; it is over with the answer.
#[derive(Clone, Debug)]
pub struct ImportCsv {
    /// The file.
    pub file: NewFile,
    /// How it is read: [`CsvDetected::config`], corrected.
    pub config: CsvConfig,
}

impl Endpoint for ImportCsv {
    const ROUTE: Route = Route::create("/migration/csv/migrate").since(V2_3);
    type Reply = Empty;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        csv_form(&self.file, &self.config)
    }
    fn repeat(&self) -> Repeat {
        NewFile::repeat(std::slice::from_ref(&self.file))
    }
}

/// A route that looks at a file and stores nothing: a reading with the verbs of creation.
const fn csv_look(template: &'static str) -> Route {
    let route = Route::read(template).since(V2_3);
    route.verb(Api::V1, "PUT").verb(Api::V2, "POST")
}

fn form(file: &NewFile) -> Result<Form, BuildError> {
    Ok(Form::new("import", std::slice::from_ref(file))?.of_any_size())
}

fn csv_form(file: &NewFile, config: &CsvConfig) -> Result<Body, BuildError> {
    let config =
        serde_json::to_string(config).map_err(|error| BuildError::Body(error.to_string()))?;
    Ok(Body::Form(form(file)?.with_text("config", config)))
}
