//! How deep a claim's brackets nest, before it is parsed: the parser tries what stands in brackets
//! in more than one way, and each level doubles its work. Claims come from files of others.

use veritrail_compute::sql::sqlparser::dialect::GenericDialect;
use veritrail_compute::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// How deep brackets may nest in a claim; no aggregate needs more than three.
pub(super) const NESTING_MAX: usize = 8;

/// The greatest number of brackets that are open at once; 0 for what has no words and signs.
pub(super) fn nesting(sql: &str) -> usize {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize().unwrap_or_default();
    let (mut open, mut most) = (0_usize, 0);
    for token in tokens {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => open += 1,
            Token::RParen | Token::RBracket | Token::RBrace => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}
