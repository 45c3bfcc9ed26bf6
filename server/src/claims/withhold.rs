//! The holder's choice: which groups a claim withholds, where some are too small to be told.

use veritrail_proof::ingest::prove::OpenVersion;
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::{self, Statement};

use super::compile::Claim;
use super::prove::ProveError;
use super::refused::Refused;
use super::text;

/// The claim with as few groups withheld as the version's policy asks for: the small ones, and with
/// them the smallest others. As it is, where none need be, nor for what `earlier` statements tell. What the claim itself withholds is chosen
/// anew.
///
/// # Errors
/// When no choice of groups makes it one that may be released. Which claims these are depends on the
/// rows: it is for the holder's eyes and must not be logged.
pub fn withhold(
    version: &OpenVersion,
    claim: &Claim,
    earlier: &[Statement],
) -> Result<Claim, ProveError> {
    claim.check_against(&version.body)?;
    let chosen = statement::withhold(version, claim.statement(), earlier)?;
    Ok(withholding(claim, chosen.withheld, &version.body.schema)?)
}

/// The claim that withholds these groups and no others. SQL's null group is none of a claim that
/// withholds some, so that it is left out as well.
fn withholding(claim: &Claim, withheld: Vec<u16>, schema: &Schema) -> Result<Claim, Refused> {
    let mut other = claim.clone();
    other.statement.withheld = withheld;
    if !other.statement.withheld.is_empty() && other.null_group {
        other.selection.present.extend(&other.groups.columns);
    }
    Claim::compile(&text::of(&other, schema), schema)
}
