//! What a reader is told of a proof file: what is proven, about what, and what is not.

use serde::Serialize;
use veritrail_proof::policy::Policy;
use veritrail_provenance::statement::StatementRef;

use super::answers::{Answer, Value, rounded_columns};
use super::check::Proven;
use super::groups::Level;
use super::left_out::left_out;
use super::noise::CheckedNoise;

/// What the log's entries and the holder's word add, and no proof shows.
const PROMISED: &[&str] = &[
    "that results of earlier releases, taken from these, leave no group of fewer rows than the \
     minimum cell",
    "that the same was looked at with earlier versions of the dataset",
    "that no combination of three or more releases tells more",
    "that nothing was released outside this log, and these rows under no other name",
];

/// The same where the results bear noise.
const PROMISED_OF_NOISE: &[&str] = &[
    "that nobody else knows the bits that the noise is made of",
    "that what was told of earlier versions of the dataset, which is in no account here, leaves no row \
     to be seen",
    "that nothing was released outside this log, and these rows under no other name",
];

/// What the proof does not say.
const NOT_PROVEN: &[&str] = &[
    "that the data are true: it shows that the results follow from what was committed",
    "that the encrypted bytes hold the same rows: an auditor with the version's seed can check that",
    "that no other statistic was given away: the log shows this release and those before it",
    "that nobody can be recognised: a true statistic can still reveal a person",
];

/// What it does not say of groups that are withheld.
const OTHERS_SMALL: &str = "which withheld group is small, and that the others are: these are \
                            withheld by the holder's choice";

/// The label of every proof so far.
pub const LABEL: &str = "experimental until externally reviewed";

/// What a proof file shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProofReport {
    /// The claim, in its one text.
    pub claim: String,
    /// The dataset's DID.
    pub dataset: String,
    /// The version's number.
    pub version: u64,
    /// The version's rows, which are public.
    pub rows: u64,
    /// The log that holds the version's statement.
    pub origin: String,
    /// The index of its entry.
    pub index: u64,
    /// The RFC 6962 hash of its leaf.
    pub leaf: String,
    /// The hash of what was committed.
    pub body: String,
    /// Where the release of this proof stands, where that is known.
    pub released: Option<String>,
    /// The release before, by its statement id.
    pub predecessor: Option<String>,
    /// Who asked, and their nonce.
    pub audience: Option<Asked>,
    /// The results.
    pub results: Vec<Group>,
    /// The groups that are withheld, where some are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<WithheldGroups>,
    /// The noise that the results bear, where they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseTold>,
    /// The release policy's rules that were applied again here.
    pub policy: Vec<String>,
    /// How numbers were rounded before they were committed.
    pub rounding: Vec<String>,
    /// What the holder promises and nobody can check here.
    pub promised: Vec<String>,
    /// What is not shown.
    pub not_proven: Vec<String>,
    /// What state the protocol is in.
    pub label: String,
}

/// Somebody who asked for a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Who.
    pub did: String,
    /// Their bytes, as hex.
    pub nonce: String,
}

/// One group's results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The grouping columns with their levels or bands, null where the column is null.
    pub group: Vec<(String, Option<Level>)>,
    /// The results.
    pub answers: Vec<Told>,
}

/// Groups whose results are not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WithheldGroups {
    /// Each, by the grouping columns with their levels or bands.
    pub groups: Vec<Vec<(String, Option<Level>)>>,
    /// In one of them at least a number of rows, or what it leaves of a wider one, is from 1 up to
    /// but without this.
    pub below: u32,
    /// The numbers of rows that are meant, and how many all of these groups have together.
    pub together: Vec<(String, String)>,
}

/// Noise that results bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoiseTold {
    /// How much more likely, at most, the results make any row's value: e to this.
    pub epsilon: String,
    /// With which probability, at most, that does not hold.
    pub delta: String,
    /// Whose nonce made the coins.
    pub audience: String,
    /// The hash of that nonce, which was logged with the bits.
    pub question: String,
    /// Where bits and question were logged before the nonce was told, where that is known.
    pub committed: Option<String>,
    /// What all noise of the version that is known here comes to, with this.
    pub account: Option<NoiseAccount>,
}

/// What was told of a version with noise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoiseAccount {
    /// Releases that committed to noise.
    pub committed: u64,
    /// How many of them were not answered: not released.
    pub unanswered: u64,
    /// The sum of their epsilons.
    pub epsilon: String,
    /// The sum of their deltas.
    pub delta: String,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// What was asked.
    pub name: String,
    /// The result, as text so that no reader rounds it.
    pub value: Value,
    /// A coefficient's standard error.
    pub standard_error: Option<Value>,
    /// How far it may be from the result over unrounded numbers.
    pub within: Option<Value>,
    /// The standard deviation of its noise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<Value>,
}

impl ProofReport {
    /// The same, with where its noise was committed to, if that is known, and what all noise of the
    /// version comes to.
    #[must_use]
    pub fn with_noise(mut self, committed: Option<String>, account: NoiseAccount) -> Self {
        if let Some(noise) = &mut self.noise {
            (noise.committed, noise.account) = (committed, Some(account));
        }
        self
    }

    /// What a proof shows; `released` is where its release stands, if that is known.
    pub fn new(proven: &Proven, released: Option<&StatementRef>) -> Self {
        let (file, body) = (proven.file(), proven.body());
        let context = &file.context;
        let column = |at: &u16| {
            body.schema.columns().get(usize::from(*at)).map_or("", |column| &column.name[..])
        };
        let names: Vec<&str> = proven.claim().statement().groups.iter().map(column).collect();
        let results = proven.rows().iter().map(|row| Group {
            group: names.iter().map(|name| (*name).to_owned()).zip(row.group.clone()).collect(),
            answers: row.answers.iter().map(told).collect(),
        });
        let integers = proven.statistic().map(|statistic| statistic.results());
        let left_out = integers.and_then(|integers| left_out(proven.claim(), body, integers));
        let withheld = left_out.map(|left_out| {
            let named = |group: Vec<Level>| {
                let names = names.iter().map(|name| (*name).to_owned());
                names.zip(group.into_iter().map(Some)).collect()
            };
            let together = left_out.together.into_iter();
            WithheldGroups {
                groups: left_out.groups.into_iter().map(named).collect(),
                below: left_out.below,
                together: together.map(|(what, rows)| (what, rows.to_string())).collect(),
            }
        });
        let mut not_proven: Vec<String> = owned(NOT_PROVEN);
        if withheld.is_some() {
            not_proven.push(OTHERS_SMALL.to_owned());
        }
        let noise = proven.noise().map(noise_told);
        not_proven.extend(noise.iter().flat_map(beside_noise));
        if context.audience.is_some() {
            let nonce = "that nobody else was shown it: a nonce shows that it was made after the \
                         question, and stops no forwarding";
            not_proven.push(nonce.to_owned());
        }
        Self {
            claim: file.claim.clone(),
            dataset: file.dataset.to_string(),
            version: file.version,
            rows: body.rows,
            origin: context.origin.to_string(),
            index: context.index,
            leaf: context.leaf.to_hex(),
            body: body.hash().to_string(),
            released: released.map(ToString::to_string),
            predecessor: context.predecessor.map(|id| id.to_hex()),
            audience: context.audience.as_ref().map(|audience| Asked {
                did: audience.did.to_string(),
                nonce: hex::encode(audience.nonce),
            }),
            results: results.collect(),
            withheld,
            policy: match &noise {
                Some(noise) => noise_policy(noise),
                None => policy(&body.policy),
            },
            rounding: rounding(proven),
            promised: match &noise {
                Some(_) => owned(PROMISED_OF_NOISE),
                None => owned(PROMISED),
            },
            noise,
            not_proven,
            label: LABEL.to_owned(),
        }
    }
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn told(answer: &Answer) -> Told {
    Told {
        name: answer.name.clone(),
        value: answer.value,
        standard_error: answer.standard_error.map(Value::Float),
        within: answer.within,
        noise: answer.noise.map(Value::Float),
    }
}

fn noise_told(noise: &CheckedNoise) -> NoiseTold {
    let ask = noise.committed().ask();
    NoiseTold {
        epsilon: thousandths(u64::from(ask.privacy.epsilon_thousandths())),
        delta: format!("1e-{}", ask.privacy.delta_exponent()),
        audience: ask.audience.to_string(),
        question: hex::encode(ask.question),
        committed: None,
        account: None,
    }
}

/// A number of thousandths, without zeros at the end.
pub(crate) fn thousandths(number: u64) -> String {
    let text = format!("{}.{:03}", number / 1_000, number % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a reader of results with noise has to know beside them.
fn beside_noise(noise: &NoiseTold) -> [String; 2] {
    [
        "that other releases of these rows tell no more: epsilon is of this one, and what is \
         released without noise is in no account"
            .to_owned(),
        format!(
            "that the noise was not chosen, to whoever does not trust {} to have told the nonce only \
             when the bits were logged, in the log that is known here and in no other of its name",
            noise.audience
        ),
    ]
}

fn noise_policy(noise: &NoiseTold) -> Vec<String> {
    let NoiseTold { epsilon, delta, .. } = noise;
    vec![
        format!(
            "another row in the place of one makes no results more likely than e^{epsilon} times, but \
             with probability {delta} (differential privacy, computational)"
        ),
        "every number of rows but that of all, and every sum, bears noise, so small groups are told like \
         others"
            .to_owned(),
    ]
}

fn policy(policy: &Policy) -> Vec<String> {
    let cell = policy.minimum_cell();
    vec![
        format!("every count that the results tell is 0 or at least {cell}"),
        format!(
            "so is what such a count leaves of all rows, and of a larger count: 0 or at least {cell}"
        ),
        "no group's numbers are all the same, and no sum shows an end of a range".to_owned(),
        format!(
            "a model leaves at least {} rows beyond its parameters, which are at most {} of 100 rows",
            policy.minimum_freedom(),
            policy.parameters_percent()
        ),
    ]
}

fn rounding(proven: &Proven) -> Vec<String> {
    let columns = rounded_columns(proven.claim(), &proven.body().schema);
    let line = |(name, places): (String, u8)| match places {
        0 => format!("{name} was committed as whole numbers"),
        places => {
            let half = Value::Decimal(5, places + 1);
            let s = if places == 1 { "" } else { "s" };
            format!("{name} was rounded to {places} decimal place{s}: at most {half} a row")
        }
    };
    columns.into_iter().map(line).collect()
}
