//! The command line as people see it: every help text is a snapshot.

use crate::house::House;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["init"],
    &["publish"],
    &["show"],
    &["verify"],
    &["get"],
    &["run"],
    &["reproduce"],
    &["bundle"],
    &["prove"],
    &["noise"],
    &["noise", "ask"],
    &["noise", "commit"],
    &["noise", "reveal"],
    &["noise", "answer"],
    &["check"],
    &["serve"],
    &["audit-commitments"],
    &["lineage"],
    &["log"],
    &["log", "head"],
    &["log", "show"],
    &["log", "prove"],
    &["log", "consistency"],
    &["log", "audit"],
    &["id"],
    &["id", "new"],
    &["id", "show"],
    &["id", "resolve"],
    &["id", "trust"],
    &["store"],
    &["store", "fsck"],
    &["device"],
    &["device", "list"],
    &["device", "test"],
    &["demo"],
];

#[test]
fn help_is_as_it_was() {
    let house = House::empty();
    let mut all = String::new();
    for command in COMMANDS {
        let mut args = command.to_vec();
        args.push("--help");
        all.push_str(&format!("$ veritrail {}\n{}\n", args.join(" "), house.ok(&args)));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn every_command_of_the_program_is_in_the_snapshot() {
    let help = House::empty().ok(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names: Vec<&str> = listed
        .take_while(|line| !line.is_empty())
        // A long description goes on further in.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    // Commands of other files' snapshots.
    let elsewhere = ["help", "demo"];
    for name in names {
        let here = COMMANDS.iter().any(|command| command.first() == Some(&name));
        assert!(here || elsewhere.contains(&name), "{name} has no snapshot of its help");
    }
}

#[test]
fn errors_read_well() {
    let house = House::new();
    house.file("rain.csv", crate::house::RAIN);
    house.file("ragged.csv", "a,b\n1,2\n3\n");
    let cases: &[&[&str]] = &[
        &["publish", "rain.csv"],
        &["publish", "no-such-file.csv", "--licence", "CC0-1.0"],
        &["publish", "rain.csv", "--licence", "GPL"],
        &["publish", "rain.csv", "--licence", "LicenseRef-Ours"],
        &["publish", "ragged.csv", "--licence", "CC0-1.0"],
        &["show", "nobody"],
        &["show", "did:key:zzz"],
        &["show", "run:00000000"],
        &["log", "show", "77"],
        &["log", "consistency", "1", "0"],
        &["verify", "no-such-thing.zip"],
        &["init"],
        &["id", "resolve", "did:web:example.org"],
        &["id", "trust", "nothing-of-this-kind"],
        &["run"],
    ];
    let mut all = String::new();
    for args in cases {
        let ran = house.run(args);
        assert_ne!(ran.code, 0, "{args:?}");
        let words = ran.stderr.replace(&house.home().display().to_string(), "HOME");
        all.push_str(&format!("$ veritrail {}\n{words}exit {}\n\n", args.join(" "), ran.code));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn usage_errors_are_objects_for_programs() {
    let error = House::empty().error(&["publish", "--no-such-flag"], 2);
    assert_eq!(error["kind"], "usage");
}
