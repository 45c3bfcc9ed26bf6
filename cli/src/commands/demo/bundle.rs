//! The demo's fifth chapter: one small file, checked by a process that knows nothing else.

use veritrail_server::error::Result;

use super::{stage::Stage, story::Story, tell};

/// Makes the bundle and verifies it in a home that is empty.
pub(super) fn play(stage: &Stage, story: &Story) -> Result<()> {
    tell(
        "\n5. One small file leaves the house. An outsider checks it offline, from an empty home.",
    );
    stage.actor("reviewer").run(&["bundle", &story.run, "-o", "result.veritrail"])?;
    let size = stage.read("result.veritrail")?.len();
    tell(&format!("     result.veritrail: {size} bytes, no row of the input in it"));
    let outsider = stage.actor("outsider");
    outsider.must_end_with(1, &["verify", "result.veritrail"])?;
    tell("     consistent, but signed by parties that the outsider has not named: no green tick");
    outsider.run(&[
        "verify",
        "result.veritrail",
        "--trust",
        &story.lab,
        "--trust",
        &story.reviewer,
    ])?;
    tell("     consistent, logged, signed by the lab and the reviewer whom she knows: verified");
    Ok(())
}
