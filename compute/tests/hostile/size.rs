//! Queries whose answer, or whose way to it, would take a terabyte.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use veritrail_compute::sql::{Options, SqlError, execute};

use crate::sql::fixture::{block_on, both, options};

/// 27 billion rows of 3,000³; each way through them holds more than may be held.
#[test]
fn what_cannot_be_held_is_refused_with_the_limit() {
    let tight = Options { memory_bytes: 64 << 20, ..options(2) };
    for sql in [
        "SELECT a.x, b.z, c.id FROM t a, t b, t c",
        "SELECT a.id, b.id, c.id, count(*) FROM t a, t b, t c GROUP BY a.id, b.id, c.id",
        "SELECT DISTINCT a.z + b.z + c.z FROM t a, t b, t c",
        "SELECT count(DISTINCT a.z * b.z) FROM t a, t b",
        "SELECT a.id, b.id FROM t a FULL JOIN t b ON a.g = b.g OR a.y < b.y ORDER BY b.z, a.z",
    ] {
        let start = Instant::now();
        let error = block_on(execute(sql, &BTreeMap::new(), &both(), &tight)).unwrap_err();
        assert!(matches!(error, SqlError::Memory { limit: 67_108_864, .. }), "{sql}: {error:?}");
        let message = error.to_string();
        assert!(message.contains("memory"), "{message}");
        assert!(start.elapsed() < Duration::from_secs(60), "{sql}: {:?}", start.elapsed());
    }
}
