//! Statement 5: sums with noise that nobody chose, so that no row's part in them can be seen.
//!
//! The holder commits to random bits for one named statement and logs them with a hash of 32 bytes
//! that only its audience knows; then the audience tells these bytes, and both make coins of them.
//! A told integer is the true one plus what bits and coins come to: to the audience the noise is
//! fair, as the holder could not know the coins, and hidden, as it does not know the bits. How much
//! it hides is [`privacy`], what is committed first [`committed`], what is told then [`mod@answer`].
//!
//! The noise is 2^fine·(sum of `coarse` coins) + a number below 2^fine made of `fine` coins. With
//! whole steps alone, as our design first had it, sums would tell what they leave by division.

pub mod answer;
pub mod committed;
pub mod privacy;

use thiserror::Error;
use veritrail_provenance::identity::{Did, Signature, verify as verify_signature};

use crate::body::Body;
use crate::generators::CHUNK_ROWS;
use crate::schema::{Kind, Schema};
use crate::statement::plan::{Counted, Plan, plan};
use crate::statement::{Measure, Statement, StatementError};
use crate::wire::{Reader, WireError, Writer};

pub use answer::{NoisyStatistic, answer, verify};
pub use committed::{Committed, NoiseProof, commit};
pub use privacy::{Privacy, PrivacyError};

/// The most integers of one group that a statement tells with noise.
pub const GROUP_ANSWERS_MAX: usize = 8;
/// The most integers that one statement tells with noise.
pub const ANSWERS_MAX: usize = 256;
/// The most fine coins of an integer.
pub const FINE_MAX: u8 = 32;
/// What stands before a question that is signed.
const QUESTION_MESSAGE: &[u8] = b"veritrail noise question/1\n";
/// What a nonce is hashed under, with what it is for.
const QUESTION_CONTEXT: &str = "veritrail zkstat/v1 noise question";

/// The coins of one integer: together at most 2,048.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coins {
    /// Those that make a number below 2^fine.
    pub fine: u8,
    /// Those that count 2^fine each.
    pub coarse: u16,
}

impl Coins {
    /// How many there are.
    pub fn all(&self) -> usize {
        usize::from(self.fine) + usize::from(self.coarse)
    }

    /// What coin `at` counts; 0 beyond the last.
    pub fn weight(&self, at: usize) -> u64 {
        let coarse = usize::from(self.coarse);
        match at {
            _ if at < coarse => 1 << self.fine,
            _ if at < self.all() => 1 << (at - coarse),
            _ => 0,
        }
    }

    /// Twice what they come to on average.
    pub fn twice_mean(&self) -> u64 {
        (u64::from(self.coarse) << self.fine) + (1 << self.fine) - 1
    }

    /// Twelve times the variance of what they come to.
    pub fn twelve_variances(&self) -> u128 {
        let step = 1u128 << self.fine;
        3 * u128::from(self.coarse) * step * step + step * step - 1
    }
}

/// What is to be answered with noise: all that committed bits are bound to beside the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which integers.
    pub statement: Statement,
    /// What the noise has to hide.
    pub privacy: Privacy,
    /// The coins of each integer of a group that is told with noise, in the order of [`Answers`]; the
    /// same for all groups.
    pub coins: Vec<Coins>,
    /// The order λ at which the noise hides what it has to.
    pub order: u8,
    /// Whose nonce makes the coins.
    pub audience: Did,
    /// [`question`] of their nonce.
    pub question: [u8; 32],
    /// Theirs, of [`question_message`]: nobody else can ask in their name with a nonce that they told.
    pub signature: Signature,
    /// Fresh bytes, so that no two commitments hold the same bits.
    pub salt: [u8; 32],
}

/// Why something cannot be asked for with noise.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoiseError {
    /// The statement does not fit the version.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Only counts and sums are, of all groups.
    #[error("with noise only counts and sums are told, and of all groups")]
    Measure,
    /// Too many integers, or not as many coins.
    #[error(
        "with noise every group tells the same integers, at most {GROUP_ANSWERS_MAX} that bear it and \
         {ANSWERS_MAX} in all, each with its coins"
    )]
    Shape,
    /// The privacy that is claimed is none.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
    /// The coins do not hide a row as well as is claimed.
    #[error("the noise does not hide a row as well as is claimed")]
    TooLittle,
    /// The audience has not signed the question.
    #[error("the question is not signed by who asks it")]
    Unsigned,
    /// The nonce is not what was asked with.
    #[error("the nonce is another than the one that was asked with")]
    Nonce,
}

impl From<WireError> for NoiseError {
    fn from(error: WireError) -> Self {
        Self::Statement(error.into())
    }
}

impl Ask {
    /// The bytes that are absorbed and hashed.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let statement = self.statement.encode();
        writer.u32(statement.len() as u32);
        writer.bytes(&statement);
        writer.u32(self.privacy.epsilon_thousandths());
        writer.u8(self.privacy.delta_exponent());
        writer.u8(self.coins.len() as u8);
        for coins in &self.coins {
            writer.u8(coins.fine);
            writer.u16(coins.coarse);
        }
        writer.u8(self.order);
        let audience = self.audience.as_str().as_bytes();
        writer.u32(audience.len() as u32);
        writer.bytes(audience);
        writer.bytes(&self.question);
        writer.bytes(self.signature.as_bytes());
        writer.bytes(&self.salt);
        writer.finish()
    }

    /// Reads what [`Ask::encode`] wrote.
    ///
    /// # Errors
    /// When the layout is another.
    pub fn decode(bytes: &[u8]) -> Result<Self, NoiseError> {
        let mut reader = Reader::new(bytes);
        let ask = Self::read(&mut reader)?;
        reader.end()?;
        Ok(ask)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, NoiseError> {
        let length = reader.u32()? as usize;
        let statement = Statement::decode(reader.take(length)?)?;
        let (epsilon, delta) = (reader.u32()?, reader.u8()?);
        let privacy = Privacy::new(epsilon, delta)?;
        let count = usize::from(reader.u8()?);
        if count > GROUP_ANSWERS_MAX {
            return Err(NoiseError::Shape);
        }
        let mut coins = Vec::with_capacity(count);
        for _ in 0..count {
            let fine = reader.u8()?;
            coins.push(Coins { fine, coarse: reader.u16()? });
        }
        let order = reader.u8()?;
        let length = reader.u32()? as usize;
        let audience = std::str::from_utf8(reader.take(length)?).ok();
        let audience = audience.and_then(|text| text.parse().ok());
        let audience = audience.ok_or(WireError::Value("a DID"))?;
        let question = reader.array()?;
        let signature = Signature::from_bytes(reader.array()?);
        let salt = reader.array()?;
        Ok(Self { statement, privacy, coins, order, audience, question, signature, salt })
    }

    /// Plans the statement and checks that its audience asks, and that its noise hides a row as well as
    /// is claimed.
    ///
    /// # Errors
    /// When it does not, or the statement does not fit the version.
    pub fn plan(&self, body: &Body) -> Result<(Plan, Answers), NoiseError> {
        let key = self.audience.public_key().map_err(|_| NoiseError::Unsigned)?;
        verify_signature(&key, &question_message(&self.question), &self.signature)
            .map_err(|_| NoiseError::Unsigned)?;
        let plan = plan(&self.statement, body)?;
        let answers = Answers::of(&self.statement, &plan, &body.schema)?;
        let fits = |coins: &Coins| coins.fine <= FINE_MAX && coins.all() <= CHUNK_ROWS;
        if self.coins.len() != answers.spans.len() || !self.coins.iter().all(fits) {
            return Err(NoiseError::Shape);
        }
        let touched: Vec<(Coins, u32)> =
            self.coins.iter().copied().zip(answers.spans.iter().copied()).collect();
        let kept = self.privacy.is_kept(&touched, answers.times(), self.order);
        if kept { Ok((plan, answers)) } else { Err(NoiseError::TooLittle) }
    }

    /// The coins of an answer.
    pub fn coins_of(&self, answer: usize) -> Coins {
        self.coins[answer % self.coins.len()]
    }
}

/// Which of a plan's integers are told with noise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// For each integer of the plan, which answer it is; nothing for the number of all rows, which
    /// is public. Equal integers are one answer. Those of one group follow one another.
    pub of_claims: Vec<Option<usize>>,
    /// For each answer of a group, by how much the change of one row can change it.
    pub spans: Vec<u32>,
    /// Groups, 1 where nothing is grouped by.
    pub groups: usize,
}

impl Answers {
    /// Of a statement that was planned.
    ///
    /// # Errors
    /// When it measures what is not told with noise, or too much.
    pub fn of(statement: &Statement, plan: &Plan, schema: &Schema) -> Result<Self, NoiseError> {
        let told = |measure: &Measure| !matches!(measure, Measure::Gram(_));
        if !statement.withheld.is_empty() || !statement.measures.iter().all(told) {
            return Err(NoiseError::Measure);
        }
        let mut known: Vec<&Counted> = Vec::new();
        let mut of_claims = Vec::new();
        for claim in &plan.claims {
            let public = claim.facts.is_empty() && claim.values.is_empty();
            of_claims.push((!public).then(|| {
                known.iter().position(|one| *one == claim).unwrap_or_else(|| {
                    known.push(claim);
                    known.len() - 1
                })
            }));
        }
        let groups = statement.cells(schema).max(1);
        let in_group = known.len() / groups;
        let few = (1..=GROUP_ANSWERS_MAX).contains(&in_group) && known.len() <= ANSWERS_MAX;
        // Every group tells integers of its own, in the first group's order: so one list of coins is
        // that of all, and a row that changes touches no more than two groups' integers.
        let claims = of_claims.len() / groups;
        let same = |(at, answer): (usize, &Option<usize>)| {
            *answer == of_claims[at % claims].map(|first| first + in_group * (at / claims))
        };
        if !few || !of_claims.iter().enumerate().all(same) {
            return Err(NoiseError::Shape);
        }
        let spans = known[..in_group].iter().map(|claim| span(claim, schema)).collect();
        Ok(Self { of_claims, spans, groups })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.spans.len() * self.groups
    }

    /// In how many groups a row that changes is told of: in the one that it leaves, and in the one
    /// that it comes to.
    pub fn times(&self) -> u32 {
        if self.groups > 1 { 2 } else { 1 }
    }
}

/// The greatest number that one row can add.
fn span(claim: &Counted, schema: &Schema) -> u32 {
    let span = |column: &u16| match schema.columns().get(usize::from(*column)).map(|c| &c.kind) {
        Some(kind @ Kind::Number { .. }) => kind.span(),
        _ => 1,
    };
    claim.values.iter().map(span).max().unwrap_or(1)
}

/// What the audience signs: that it asks this.
pub fn question_message(question: &[u8; 32]) -> Vec<u8> {
    [QUESTION_MESSAGE, question.as_slice()].concat()
}

/// What is known of a nonce before it is told: its hash, with whom and what it is for.
pub fn question(nonce: &[u8; 32], audience: &Did, body: &Body, origin: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(QUESTION_CONTEXT);
    hasher.update(nonce);
    for text in [audience.as_str(), body.dataset.as_str(), origin] {
        hasher.update(&(text.len() as u32).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(&body.version.to_le_bytes());
    *hasher.finalize().as_bytes()
}
