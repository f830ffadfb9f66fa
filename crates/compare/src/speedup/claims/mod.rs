//! Published speed-ups without samples: does the arithmetic hold?
//!
//! ```toml
//! [[runtimes]]                  # two published times, and what is said of them
//! name = "production grid search"
//! base = "279.48 s"
//! candidate = "69.97 s"
//! claims = ["74.97 % speed-up", "3.99x faster"]
//!
//! [[product]]                   # single speed-ups and the one of all together
//! name = "results"
//! single = ["5.0x", "5.9x", "2.5x"]
//! combined = "40.0x"
//!
//! [[amdahl]]                    # a speed-up by parallelism, and its own parallel share
//! name = "parallel processing"
//! parallel = "0.90"
//! workers = 10
//! claimed = "10x"
//!
//! [[prediction]]                # what a formula says, and what was measured
//! name = "V = n/log n"
//! predicted = "10.2x"
//! measured = "5.9x"
//!
//! [[claim]]                     # a number, or a place kept for one, with nothing behind it
//! name = "asset list caching"
//! text = "[XX.X]%"
//! ```
//! Numbers are texts, so that their digits are known: `40.0x` lies between 39.95 and 40.05.

mod file;
mod judge;

pub use file::{Claims, ClaimsError, parse};
pub use judge::judge;

#[cfg(test)]
mod tests {
    use tailproof_core::{Provenance, Reason, Verdict};

    use super::*;

    fn whys(text: &str) -> Vec<(Verdict, String)> {
        judge(&parse(text).unwrap()).into_iter().map(|f| (f.verdict, f.why)).collect()
    }

    #[test]
    fn published_arithmetic_is_checked() {
        let found = whys(
            "[[product]]\nname = \"a\"\nsingle = [\"5.0x\", \"5.9x\", \"2.5x\"]\ncombined = \"40.0x\"\n\
             [[product]]\nname = \"b\"\nsingle = [\"10x\", \"5-10x\", \"2-3x\", \"1.5-2x\"]\ncombined = \"100-1500x\"\n\
             [[amdahl]]\nname = \"p\"\nparallel = \"0.90\"\nworkers = 10\nclaimed = \"10x\"\n\
             [[amdahl]]\nname = \"q\"\nparallel = \"90%\"\nworkers = 10\nclaimed = \"5.0x\"\n\
             [[prediction]]\nname = \"V = n/log n\"\npredicted = \"10.2x\"\nmeasured = \"5.9x\"\n",
        );
        let wanted = [
            (Verdict::Fail, "its single speed-ups multiply to 73.8, 40 was measured"),
            (Verdict::Fail, "multiply to 150 to 600, 100 to 1500 is claimed"),
            (Verdict::Fail, "10× parallel contradicts its own Amdahl 5.26"),
            (Verdict::Pass, "5× parallel is within its own Amdahl 5.26"),
            (Verdict::Fail, "V = n/log n is no law: it predicts 10.2, 5.9 was measured"),
        ];
        for ((verdict, why), (want, part)) in found.iter().zip(wanted) {
            assert!(*verdict == want && why.contains(part), "{why}");
        }
    }

    #[test]
    fn runtimes_are_said_both_ways() {
        let text = "[[runtimes]]\nname = \"grid\"\nbase = \"279.48 s\"\ncandidate = \"69.97 s\"\nn = 1\n\
                    claims = [\"74.97 % speed-up\", \"3.99x\", \"5x\", \"[XX.X%]\"]\n";
        let findings = judge(&parse(text).unwrap());
        let why = &findings[0].why;
        assert!(why.contains("\"74.97 % speed-up\" is 74.97 % time saved, ×3.99: PASS"), "{why}");
        assert!(findings[0].warnings.iter().any(|w| w.contains("×1.75")), "{:?}", findings[0]);
        assert_eq!(findings[1].verdict, Verdict::Pass);
        assert_eq!(findings[2].verdict, Verdict::Fail);
        assert_eq!(findings[3].verdict, Verdict::Inconclusive(Reason::NotTested));
        assert!(findings.iter().all(|f| f.provenance != Provenance::Measured));
    }

    #[test]
    fn mistakes_have_a_line() {
        for (text, line, part) in [
            ("", 1, "no claim"),
            ("[[product]]\nname = \"a\"\nsingle = []\ncombined = \"4x\"\n", 4, "needs single"),
            ("[[claim]]\nname = \"a\"\ntext = \"fast\"\n", 3, "no speed-up"),
            (
                "[[amdahl]]\nname = \"a\"\nparallel = \"1.5\"\nworkers = 2\nclaimed = \"2x\"\n",
                3,
                "share",
            ),
            ("[[runtimes]]\nname = \"a\"\nbase = \"1 s\"\ncandidate = \"1 MB\"\n", 4, "convert"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(part), "{error}");
        }
        let unknown = parse("[[claim]]\nname = \"a\"\ntxt = \"3x\"\n").unwrap_err();
        assert!(unknown.message.contains("txt"), "{unknown}");
    }
}
