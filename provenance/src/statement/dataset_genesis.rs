//! `dataset.genesis`: a dataset begins. Signed by the dataset's own key, which is then destroyed;
//! from here on the controllers sign.

use serde::{Deserialize, Serialize};

use super::cose::Content;
use super::payload::{Body, claim_is};
use super::refused::Refused;
use super::text::{Broken, broken, check_filled_list};
use crate::identity::Did;

/// The payload. `iss` and `sub` are both the dataset's did:key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetGenesis {
    /// Who may sign versions, 1 to 256, none twice.
    pub controllers: Vec<Did>,
}

impl Body for DatasetGenesis {
    const MEMBERS: &'static [&'static str] = &["controllers"];

    fn check(&self) -> Result<(), Broken> {
        check_filled_list("controllers", &self.controllers)?;
        let mut sorted: Vec<_> = self.controllers.iter().collect();
        sorted.sort();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(broken("controllers", "names one DID twice"));
        }
        Ok(())
    }

    fn check_claims(&self, claims: &Content) -> Result<(), Refused> {
        claim_is("2 (sub)", &claims.sub, claims.iss.as_str())?;
        claims.iss.public_key().map(drop).map_err(Refused::Issuer)
    }
}
