use serde::de::IgnoredAny;

use super::edit::{Whole, name_in};
use crate::{
    All, Api, At, Body, BuildError, Changes as _, Endpoint, Execute, Json, Op, Path, Route,
    buckets::{ALL, Fields, List, ONE, Place},
    model::{Bucket, BucketId},
};

/// Changes the named fields of a bucket and leaves all others as they are, on every release: what [`edit`](super::edit)
/// does for objects that can be read alone.
///
/// The list of buckets is read, and the bucket is sent back whole, to the letter. The answer is the bucket as it is
/// stored, read again. Of two writers at the same time the last one wins.
///
/// A bucket that is not in the list is a [`BuildError`]; those that come from filters are in none.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
/// use vikunja_sdk::{buckets, model::{BucketId, ProjectId, ViewId}, ops};
/// let place = buckets::Place::view(ProjectId::from(3), ViewId::from(12));
/// let changes = buckets::Fields { title: "Waiting".into(), ..Default::default() };
/// let bucket = ops::edit_bucket(&mut client, place, BucketId::from(31), &changes).await?;
/// # Ok(()) }
/// ```
pub async fn edit_bucket<X: Execute>(
    executor: &mut X,
    place: Place,
    bucket: BucketId,
    changes: &Fields,
) -> Result<Bucket, X::Error> {
    let at = At {
        release: executor.session().server().release,
        // Buckets are written alike on both.
        api: Api::V1,
    };
    changes.check(at)?;
    let named = changes.to_json(at)?;
    let id = bucket.to_string();
    let all = executor.execute(&ListRaw(place)).await?;
    let is_it = |one: &Whole| one.get("id").is_some_and(|value| value.get() == id);
    let mut whole = all
        .into_iter()
        .find(is_it)
        .ok_or_else(|| is_missing(bucket))?;
    // Up to 0.23 there is a page of them.
    whole.remove("tasks");
    name_in(&mut whole, &named)?;
    let replace = ReplaceRaw {
        place,
        bucket,
        whole,
    };
    executor.execute(&replace).await?;
    let all = executor.execute(&List { place }).await?;
    let found = all.into_iter().find(|one| one.id == bucket);
    Ok(found.ok_or_else(|| is_missing(bucket))?)
}

fn is_missing(bucket: BucketId) -> BuildError {
    BuildError::Body(format!(
        "bucket {bucket} is not among those that can be changed there: buckets::List names them"
    ))
}

/// The buckets as the server has them, with fields that this crate does not know.
struct ListRaw(Place);

impl Endpoint for ListRaw {
    const ROUTE: Route = ALL;
    type Reply = All<Whole>;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
}

/// All of it sent back, with the changes in it.
struct ReplaceRaw {
    place: Place,
    bucket: BucketId,
    whole: Whole,
}

impl Endpoint for ReplaceRaw {
    const ROUTE: Route = ONE.with_op(Op::Replace);
    type Reply = Json<IgnoredAny>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
        path.set("bucket", self.bucket);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&self.whole)
    }
}
