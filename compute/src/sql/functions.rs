//! The scalar functions that a query may call: an explicit list, everything else is refused.
//!
//! On the list stands what is exact by definition, ours where the engine's own would differ
//! between machines ([`super::math`]), or pure Rust over text and dates. Why each other function
//! of the engine is not on it, [`super::reasons`] says.

use std::sync::Arc;

use datafusion::functions::{core, datetime, math, string, unicode};
use datafusion::logical_expr::ScalarUDF;

use super::{bounded, math as elementary};

/// The allowed functions, each with its aliases.
#[must_use]
pub fn allowed_functions() -> Vec<Arc<ScalarUDF>> {
    let mut functions = vec![
        // Exact by IEEE 754 or by definition.
        math::abs(),
        math::ceil(),
        math::floor(),
        math::sqrt(),
        math::signum(),
        math::nanvl(),
        math::isnan(),
        math::iszero(),
        math::factorial(),
        math::gcd(),
        math::lcm(),
        core::coalesce(),
        core::greatest(),
        core::least(),
        core::nullif(),
        core::nvl(),
        core::nvl2(),
        // Text: pure Rust, by Unicode as this binary's std knows it.
        string::ascii(),
        string::bit_length(),
        string::btrim(),
        string::chr(),
        string::concat(),
        string::concat_ws(),
        string::contains(),
        string::ends_with(),
        string::lower(),
        string::ltrim(),
        string::octet_length(),
        bounded::replace(),
        string::rtrim(),
        string::split_part(),
        string::starts_with(),
        string::upper(),
        unicode::character_length(),
        unicode::initcap(),
        unicode::left(),
        unicode::reverse(),
        unicode::right(),
        unicode::strpos(),
        unicode::substr(),
        unicode::translate(),
        // Dates: pure arithmetic on the given date, never on a clock.
        datetime::date_part(),
        datetime::date_trunc(),
        datetime::make_date(),
        datetime::to_date(),
    ];
    functions.extend(elementary::functions());
    functions
}
