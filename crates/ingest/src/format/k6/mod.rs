//! k6: what its metrics are.

pub(crate) mod csv;
pub(crate) mod points;
mod recorder;
pub(crate) mod summary;

use tailproof_core::{Direction, Loop, Metric, Unit};

use crate::builder::Builder;

/// What k6 does with the points of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Trend,
    Counter,
    Rate,
    Gauge,
}

/// What the values of a metric are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contains {
    Time,
    Data,
    Default,
}

/// The declaration of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) kind: Type,
    pub(super) contains: Contains,
}

impl Declared {
    /// From the words of k6.
    pub(super) fn parse(kind: &str, contains: &str) -> Option<Self> {
        let kind = match kind {
            "trend" => Type::Trend,
            "counter" => Type::Counter,
            "rate" => Type::Rate,
            "gauge" => Type::Gauge,
            _ => return None,
        };
        let contains = match contains {
            "time" => Contains::Time,
            "data" => Contains::Data,
            _ => Contains::Default,
        };
        Some(Self { kind, contains })
    }

    /// What is known of a metric of k6's own; `None` for a metric of the script.
    pub(super) fn built_in(name: &str) -> Option<Self> {
        let (kind, contains) = match name {
            "vus" | "vus_max" => (Type::Gauge, Contains::Default),
            "data_sent" | "data_received" => (Type::Counter, Contains::Data),
            "http_reqs" | "iterations" | "dropped_iterations" | "grpc_reqs" | "ws_sessions"
            | "ws_msgs_sent" | "ws_msgs_received" => (Type::Counter, Contains::Default),
            "checks" | "http_req_failed" => (Type::Rate, Contains::Default),
            "iteration_duration"
            | "group_duration"
            | "grpc_req_duration"
            | "ws_connecting"
            | "ws_ping"
            | "ws_session_duration" => (Type::Trend, Contains::Time),
            _ if name.starts_with("http_req_") => (Type::Trend, Contains::Time),
            _ => return None,
        };
        Some(Self { kind, contains })
    }

    /// The metric under k6's own name: counters are per second, rates without a unit.
    pub(super) fn metric(self, name: &str) -> Metric {
        let unit = match (self.kind, self.contains) {
            (Type::Counter, Contains::Data) => Unit::known("B/s"),
            (Type::Counter, Contains::Default) => Unit::known("/s"),
            (Type::Trend | Type::Gauge, Contains::Time) => Unit::known("ms"),
            (Type::Trend | Type::Gauge, Contains::Data) => Unit::known("B"),
            _ => None,
        };
        let mut metric = Metric::new(name, unit);
        metric.direction = match (self.kind, name) {
            (Type::Trend, _) => metric.direction,
            (Type::Counter, "http_reqs" | "iterations" | "grpc_reqs" | "ws_msgs_received")
            | (Type::Rate, "checks" | "http_req_failed") => Direction::Higher,
            (Type::Counter, "dropped_iterations") => Direction::Lower,
            // Only the script knows whether more of it is better.
            _ => Direction::Unknown,
        };
        metric
    }
}

/// Whether a point or count of a rate that is not zero is the good one.
///
/// `http_req_failed` is 1 for a request that failed; a check is 1 when it held.
pub(super) fn good_when_set(name: &str) -> bool {
    name != "http_req_failed"
}

/// Says what every input of k6 leaves open.
pub(super) fn announce(builder: &mut Builder<'_>) {
    builder.generator(Loop::Closed);
    builder.note(
        "k6 does not say which executor ran: a closed loop is supposed, in which a stall delays \
         the requests after it; arrival-rate executors are an open loop"
            .into(),
    );
}

/// Says what the events of a failure rate are.
pub(super) fn explain_failures(builder: &mut Builder<'_>) {
    let text = "http_req_failed: the good events are the requests that did not fail";
    builder.note(text.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_the_units_of_k6() {
        for (name, unit, direction) in [
            ("http_req_duration", Some("ms"), Direction::Lower),
            ("http_reqs", Some("/s"), Direction::Higher),
            ("data_sent", Some("B/s"), Direction::Unknown),
            ("http_req_failed", None, Direction::Higher),
            ("vus", None, Direction::Unknown),
        ] {
            let metric = Declared::built_in(name).unwrap().metric(name);
            assert_eq!(metric.unit.map(|u| u.to_string()).as_deref(), unit, "{name}");
            assert_eq!(metric.direction, direction, "{name}");
        }
        assert_eq!(Declared::built_in("my_metric"), None);
    }

    #[test]
    fn only_a_failure_rate_is_turned_round() {
        assert!(good_when_set("checks") && !good_when_set("http_req_failed"));
    }
}
