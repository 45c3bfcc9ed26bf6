//! The dialect queries are written in, with a bound on the work of its parser.
//!
//! Behind many words (`CAST(`, INTERVAL, any function's bracket) sqlparser reads what follows in one
//! way and, when that fails, once more in another. Nested, the work doubles with each level: a text
//! of 400 bytes that is no query keeps it busy for years, and texts come from files of others. A
//! bound on the depth does not help, as some forms are read three times and more. So the beginnings
//! of expressions are counted, however often one is tried. What has no expressions (brackets around
//! tables), or long parts that are read again as a whole, is stopped by a clock: whatever the parser
//! reads again, it asks the dialect something, and between two questions it reads the text once at
//! the most.

use std::any::TypeId;
use std::cell::Cell;
use std::time::{Duration, Instant};

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

/// How many beginnings of expressions a parser may try: under a second of work. A query has one for
/// each name and number, times two for each function around it.
pub(super) const TRIES_MAX: usize = 1_000_000;
/// How long a parser may take; the longest query takes a hundredth of it.
pub(super) const TIME_MAX: Duration = Duration::from_secs(10);
/// Questions to the dialect after which the clock is looked at.
const QUESTIONS: u32 = 64;

/// The generic dialect, word for word, which lets its parser work so long and no longer.
#[derive(Debug)]
pub(super) struct BoundedDialect {
    general: GenericDialect,
    left: Cell<usize>,
    asked: Cell<u32>,
    since: Instant,
}

/// What a parser is stopped with where it takes no error.
pub(super) struct OutOfTime;

impl BoundedDialect {
    /// A dialect for one parse, which begins now. Where it takes too long the thread unwinds with
    /// [`OutOfTime`].
    pub(super) fn new() -> Self {
        let (left, asked) = (Cell::new(TRIES_MAX), Cell::new(0));
        Self { general: GenericDialect, left, asked, since: Instant::now() }
    }

    /// Whether the parser has tried too often.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.left.get() == 0
    }

    fn ask(&self) -> &GenericDialect {
        let asked = self.asked.get().wrapping_add(1);
        self.asked.set(asked);
        if asked.is_multiple_of(QUESTIONS) && self.since.elapsed() > TIME_MAX {
            std::panic::resume_unwind(Box::new(OutOfTime));
        }
        &self.general
    }
}

/// Answers as the generic dialect does.
macro_rules! as_general {
    ($($method:ident),* $(,)?) => {
        $(fn $method(&self) -> bool { self.ask().$method() })*
    };
}

impl Dialect for BoundedDialect {
    fn dialect(&self) -> TypeId {
        self.general.dialect()
    }

    fn is_delimited_identifier_start(&self, first: char) -> bool {
        self.general.is_delimited_identifier_start(first)
    }

    fn is_identifier_start(&self, first: char) -> bool {
        self.general.is_identifier_start(first)
    }

    fn is_identifier_part(&self, part: char) -> bool {
        self.general.is_identifier_part(part)
    }

    fn parse_prefix(&self, _parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        self.left.set(self.left.get().saturating_sub(1));
        // This error alone is not answered by trying in another way.
        self.is_exhausted().then_some(Err(ParserError::RecursionLimitExceeded))
    }

    // All that sqlparser 0.62's generic dialect answers otherwise than a dialect by default.
    as_general! {
    supports_unicode_string_literal, supports_partition_by_after_order_by,
    supports_array_join_syntax, supports_group_by_expr, supports_group_by_with_modifier,
    supports_left_associative_joins_without_parens, supports_connect_by,
    supports_match_recognize, supports_pipe_operator, supports_start_transaction_modifier,
    supports_window_function_null_treatment_arg, supports_dictionary_syntax,
    supports_window_clause_named_window_reference, supports_parenthesized_set_variables,
    supports_select_wildcard_except, support_map_literal_syntax, allow_extract_custom,
    allow_extract_single_quotes, supports_extract_comma_syntax,
    supports_create_view_comment_syntax, supports_parens_around_table_factor,
    supports_values_as_table_factor, supports_create_index_with_clause,
    supports_explain_with_utility_options, supports_limit_comma, supports_update_order_by,
    supports_from_first_select, supports_projection_trailing_commas,
    supports_asc_desc_in_column_definition, supports_try_convert,
    supports_bitwise_shift_operators, supports_comment_on, supports_load_extension,
    supports_named_fn_args_with_assignment_operator, supports_struct_literal,
    supports_empty_projections, supports_nested_comments, supports_multiline_comment_hints,
    supports_user_host_grantee, supports_string_escape_constant,
    supports_array_typedef_with_brackets, supports_match_against, supports_set_names,
    supports_comma_separated_set_assignments, supports_filter_during_aggregation,
    supports_select_wildcard_exclude, supports_data_type_signed_suffix,
    supports_interval_options, supports_quote_delimited_string,
    supports_select_wildcard_replace, supports_select_wildcard_ilike,
    supports_select_wildcard_rename, supports_optimize_table, supports_install,
    supports_detach, supports_prewhere, supports_with_fill, supports_limit_by,
    supports_interpolate, supports_settings, supports_select_format,
    supports_comment_optimizer_hint, supports_constraint_keyword_without_name,
    supports_key_column_option, supports_comma_separated_trim, supports_cte_without_as,
    supports_select_item_multi_column_alias, supports_xml_expressions
    }
}
