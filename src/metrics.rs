//! Figures for whoever watches a running gateway: histograms, and the page on which every figure is shown, in the
//! text format of Prometheus (version 0.0.4).
//!
//! Nothing here is global: what has figures implements [`Collect`], and several gateways in one process each show
//! their own. Names begin with `rxgate_`, those of counters end in `_total`, and the unit is in the name, in
//! seconds and octets. Values of labels come from sets that the program or its configuration fixes, never from
//! requests. The README has a table of all names, and `tests/metrics.rs` compares it with a scrape.

use std::{
    fmt::{Display, Write},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What has figures to show.
pub trait Collect: Send + Sync {
    /// Writes every figure as it is now. Asked for with each scrape: looks at counters, not into stores.
    fn collect(&self, page: &mut Page);
}

/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;

/// Bounds that fit whatever a network takes part in, up to the time a caller waits. Milliseconds.
const WAITS_MS: [u64; 14] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000];

/// How often values were at most so large. Counting one takes two additions, and never waits.
#[derive(Debug)]
pub struct Histogram {
    /// Ascending, each with the number of values above the bound before it.
    buckets: Box<[(u64, AtomicU64)]>,
    /// Values above all bounds.
    above: AtomicU64,
    sum: AtomicU64,
    /// What makes one of the shown unit.
    scale: u64,
}

impl Histogram {
    /// Of times, for [`observe`](Self::observe), with these bounds.
    pub fn of_times(bounds: impl IntoIterator<Item = Duration>) -> Self {
        Self::scaled(bounds.into_iter().map(nanos), NANOS)
    }

    /// Of times between 1 ms and 30 s: answers of others.
    pub fn of_waits() -> Self {
        Self::of_times(WAITS_MS.map(Duration::from_millis))
    }

    /// Of numbers of things, for [`record`](Self::record), with these bounds.
    pub fn of_sizes(bounds: impl IntoIterator<Item = u64>) -> Self {
        Self::scaled(bounds, 1)
    }

    fn scaled(bounds: impl IntoIterator<Item = u64>, scale: u64) -> Self {
        let buckets: Box<[_]> = bounds.into_iter().map(|bound| (bound, AtomicU64::new(0))).collect();
        debug_assert!(buckets.is_sorted_by(|(one, _), (next, _)| one < next), "bounds ascend");
        Self { buckets, above: AtomicU64::new(0), sum: AtomicU64::new(0), scale }
    }

    /// Counts a time.
    pub fn observe(&self, time: Duration) {
        debug_assert_eq!(self.scale, NANOS, "a histogram of times");
        self.add(nanos(time));
    }

    /// Counts a number of things.
    pub fn record(&self, size: u64) {
        debug_assert_eq!(self.scale, 1, "a histogram of sizes");
        self.add(size);
    }

    fn add(&self, value: u64) {
        let found = self.buckets.iter().find(|(bound, _)| value <= *bound);
        found.map_or(&self.above, |(_, count)| count).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// It is this now.
    pub fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less. Whoever counts down counted up before, maybe a moment later on another processor.
    pub fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        // Below zero for a moment at most.
        let now = self.0.load(Ordering::Relaxed);
        if now > u64::MAX / 2 { 0 } else { now }
    }
}

/// The figures of a moment, in the text format of Prometheus.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// The media type of [`text`](Self::into_text).
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// The figures of all of these.
    pub fn of<'a>(all: impl IntoIterator<Item = &'a dyn Collect>) -> Self {
        let mut page = Self::default();
        all.into_iter().for_each(|one| one.collect(&mut page));
        page
    }

    /// The page as text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// A number that only grows. The samples of a name stand together: to be called once for each.
    pub fn counter<'p>(&'p mut self, name: &'p str, help: &str) -> Family<'p> {
        debug_assert!(name.ends_with("_total"), "{name} is a counter");
        self.family(name, help, "counter")
    }

    /// A number that goes up and down.
    pub fn gauge<'p>(&'p mut self, name: &'p str, help: &str) -> Family<'p> {
        debug_assert!(!name.ends_with("_total"), "{name} is no counter");
        self.family(name, help, "gauge")
    }

    /// How often values were how large.
    pub fn histogram<'p>(&'p mut self, name: &'p str, help: &str) -> Histograms<'p> {
        Histograms(self.family(name, help, "histogram"))
    }

    fn family<'p>(&'p mut self, name: &'p str, help: &str, kind: &str) -> Family<'p> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        Family { page: self, name }
    }

    fn write(&mut self, text: impl Display) {
        // Writing into memory cannot fail.
        _ = write!(self.text, "{text}");
    }
}

/// The samples of one name.
#[derive(Debug)]
pub struct Family<'p> {
    page: &'p mut Page,
    name: &'p str,
}

impl Family<'_> {
    /// One sample; a set of labels stands once.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.line("", labels, None, value);
        self
    }

    fn line(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        last: Option<(&str, &str)>,
        value: impl Display,
    ) {
        self.page.write(format_args!("{}{suffix}", self.name));
        let mut before = '{';
        for (label, text) in labels.iter().copied().chain(last) {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            self.page.write(format_args!("{before}{label}=\"{text}\""));
            before = ',';
        }
        let end = if before == ',' { "}" } else { "" };
        self.page.write(format_args!("{end} {value}\n"));
    }
}

/// The histograms of one name.
#[derive(Debug)]
pub struct Histograms<'p>(Family<'p>);

impl Histograms<'_> {
    /// One histogram; a set of labels stands once.
    pub fn sample(&mut self, labels: &[(&str, &str)], histogram: &Histogram) -> &mut Self {
        let shown = |value: u64| value as f64 / histogram.scale as f64;
        let mut count = 0;
        for (bound, values) in &histogram.buckets {
            count += values.load(Ordering::Relaxed);
            self.0.line("_bucket", labels, Some(("le", &shown(*bound).to_string())), count);
        }
        count += histogram.above.load(Ordering::Relaxed);
        self.0.line("_bucket", labels, Some(("le", "+Inf")), count);
        self.0.line("_sum", labels, None, shown(histogram.sum.load(Ordering::Relaxed)));
        self.0.line("_count", labels, None, count);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_stand_below_their_name_with_labels_escaped() {
        let mut page = Page::default();
        page.counter("rxgate_things_total", "Things.\nMany \\.")
            .sample(&[], 3)
            .sample(&[("peer", "a\"b\\c\nd"), ("state", "up")], 0.25);
        page.gauge("rxgate_nothing", "Nothing.");
        assert_eq!(
            page.into_text(),
            "# HELP rxgate_things_total Things.\\nMany \\\\.\n# TYPE rxgate_things_total counter\n\
             rxgate_things_total 3\nrxgate_things_total{peer=\"a\\\"b\\\\c\\nd\",state=\"up\"} 0.25\n\
             # HELP rxgate_nothing Nothing.\n# TYPE rxgate_nothing gauge\n"
        );
    }

    #[test]
    fn buckets_are_cumulative_and_their_bounds_are_inside() {
        let times = Histogram::of_times([Duration::from_micros(500), Duration::from_millis(2)]);
        for micros in [500, 501, 2000, 2001] {
            times.observe(Duration::from_micros(micros));
        }
        let sizes = Histogram::of_sizes([1, 8]);
        sizes.record(9);
        let mut page = Page::default();
        page.histogram("rxgate_time_seconds", "Time.").sample(&[("peer", "p")], &times);
        page.histogram("rxgate_size", "Size.").sample(&[], &sizes);
        assert_eq!(
            page.into_text(),
            "# HELP rxgate_time_seconds Time.\n# TYPE rxgate_time_seconds histogram\n\
             rxgate_time_seconds_bucket{peer=\"p\",le=\"0.0005\"} 1\n\
             rxgate_time_seconds_bucket{peer=\"p\",le=\"0.002\"} 3\n\
             rxgate_time_seconds_bucket{peer=\"p\",le=\"+Inf\"} 4\n\
             rxgate_time_seconds_sum{peer=\"p\"} 0.005002\nrxgate_time_seconds_count{peer=\"p\"} 4\n\
             # HELP rxgate_size Size.\n# TYPE rxgate_size histogram\n\
             rxgate_size_bucket{le=\"1\"} 0\nrxgate_size_bucket{le=\"8\"} 0\nrxgate_size_bucket{le=\"+Inf\"} 1\n\
             rxgate_size_sum 9\nrxgate_size_count 1\n"
        );
    }

    #[test]
    fn a_gauge_that_is_read_between_down_and_up_shows_zero() {
        let gauge = Gauge::default();
        gauge.down();
        assert_eq!(gauge.get(), 0);
        gauge.up();
        gauge.up();
        assert_eq!(gauge.get(), 1);
    }
}
