//! The log: to standard error, one line for everything that happens, as text for people or JSON for machines.
//!
//! In JSON what a line says about has the same name everywhere, and stands at the top: `peer`, `rx_session`,
//! `request_id`, `command`, `result_code`, `x_correlator`. The README says what they mean.

use std::{
    fmt,
    io::{self, IsTerminal},
};

use clap::{Args, ValueEnum};
use serde_json::Value;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter,
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::Failure;

/// Environment variable that chooses what is logged.
const LOG: &str = "RXGATE_LOG";

/// How to log, of the commands that run until they are stopped.
#[derive(Args)]
pub(super) struct LogArguments {
    /// How the lines of the log look: text for people, or one JSON object a line.
    #[arg(long, env = "RXGATE_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub log_format: Format,
}

/// How the lines look.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// Logs to standard error what `RXGATE_LOG` says, or else `default`.
pub(super) fn start(format: Format, default: &str) -> Result<(), Failure> {
    let chosen = std::env::var(LOG).unwrap_or_else(|_| default.to_owned());
    let filter = EnvFilter::try_new(&chosen).map_err(|error| {
        Failure::usage(
            format!("{LOG} is {chosen:?}: {error}"),
            "accepted are levels (error, warn, info, debug, trace) and target=level pairs with commas between",
        )
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        Format::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        Format::Json => log.with_ansi(false).fmt_fields(Json).event_format(Json).init(),
    }
    Ok(())
}

/// One object a line: when, how bad, where in the program, what, and then the fields of the event and of the
/// spans around it.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut now = String::new();
        SystemTime.format_time(&mut Writer::new(&mut now))?;
        let metadata = event.metadata();
        let (level, target) = (metadata.level(), metadata.target());
        write!(writer, r#"{{"timestamp":"{now}","level":"{level}","target":"{target}""#)?;
        context.format_fields(writer.by_ref(), event)?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                writer.write_str(fields)?;
            }
        }
        writeln!(writer, "}}")
    }
}

impl<'w> FormatFields<'w> for Json {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members { writer, result: Ok(()) };
        fields.record(&mut members);
        members.result
    }
}

/// Fields as members of an object, a comma before each.
struct Members<'w> {
    writer: Writer<'w>,
    result: fmt::Result,
}

impl Members<'_> {
    fn member(&mut self, field: &Field, value: impl Into<Value>) {
        let (name, value) = (field.name(), value.into());
        self.result = self.result.and_then(|()| write!(self.writer, r#","{name}":{value}"#));
    }
}

impl Visit for Members<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_an_object_with_the_fields_of_its_spans() {
        let lines = Lines::default();
        let into = lines.clone();
        let log = tracing_subscriber::fmt().fmt_fields(Json).event_format(Json);
        let log = log.with_writer(move || into.clone()).finish();
        tracing::subscriber::with_default(log, || {
            let span = tracing::error_span!("request", x_correlator = "c-1", later = tracing::field::Empty);
            span.record("later", 7);
            let _inside = span.enter();
            let text = "a \"quoted\"\nline";
            tracing::info!(rx_session = %"s;1", result_code = 2001_u32, good = true, text, "it {}", "happened");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line = text.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "{line}");
        let Value::Object(mut line) = serde_json::from_str(line).unwrap() else { panic!("{line}") };
        let when = line.remove("timestamp").unwrap();
        assert!(when.as_str().unwrap().ends_with('Z'), "{when}");
        let expected = serde_json::json!({
            "level": "INFO", "target": "rxgate::cli::log::tests", "message": "it happened", "rx_session": "s;1",
            "result_code": 2001, "good": true, "text": "a \"quoted\"\nline", "x_correlator": "c-1", "later": 7,
        });
        assert_eq!(Value::Object(line), expected);
    }
}
