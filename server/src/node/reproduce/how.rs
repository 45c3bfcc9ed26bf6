//! How the bytes of a reproduction were come by: what its answer says of it, and the remedy.

/// How the bytes were come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// All of them from other nodes.
    Fetched,
    /// Some were asked for and did not come.
    InPart,
    /// From this home, as asked.
    Held,
    /// From this home, whose own log the run is of.
    Own,
}

impl How {
    /// As the answer has it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Fetched => "fetched anew, into an empty store",
            Self::InPart => "asked for anew; not all of it came",
            Self::Held => "held here, every byte checked against its hash; not fetched anew",
            Self::Own => {
                "this home's own run, from its own bytes, every one checked against its hash; \
                 not fetched anew"
            }
        }
    }

    /// How to have all of it fetched anew, where it was not.
    pub(super) fn remedy(self) -> Option<String> {
        let told = match self {
            Self::Fetched => return None,
            Self::InPart => {
                "ask whoever has what is missing to serve it (veritrail serve), then run the same \
                 command again"
            }
            Self::Held => "to have them fetched anew: veritrail reproduce RUN, without --held",
            Self::Own => {
                "to have them fetched anew, in another home: veritrail reproduce TICKET, with the \
                 ticket that veritrail show RUN --ticket prints here"
            }
        };
        Some(told.to_owned())
    }
}
