//! What is noted about every request: a line in the log, its figures, and the caller's own name for it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method},
    middleware::{self, Next},
    response::Response,
};
use tokio::time::Instant;
use tracing::{Instrument, Span, debug, error_span};

use crate::metrics::{Collect, Histogram, Page};

/// Names a request across systems; comes back in the answer.
const CORRELATOR: HeaderName = HeaderName::from_static("x-correlator");

/// Longest value of it. Octets.
const MAX_CORRELATOR: usize = 256;

/// Methods by name; whatever else a client says is `other`.
const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];

/// The requests that were answered, by what they asked for.
#[derive(Debug, Default)]
pub struct Requests {
    /// By listener and route. A route that was matched is one of ours: there are not many.
    routes: Mutex<BTreeMap<&'static str, BTreeMap<String, Route>>>,
}

#[derive(Debug)]
struct Route {
    /// By method and status.
    answers: BTreeMap<(&'static str, u16), u64>,
    seconds: Histogram,
}

impl Route {
    fn new() -> Self {
        Self { answers: BTreeMap::new(), seconds: Histogram::of_waits() }
    }
}

impl Requests {
    fn count(&self, listener: &'static str, route: &str, method: &'static str, status: u16, began: Instant) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let routes = routes.entry(listener).or_default();
        if !routes.contains_key(route) {
            routes.insert(route.to_owned(), Route::new());
        }
        let Some(route) = routes.get_mut(route) else { return };
        *route.answers.entry((method, status)).or_default() += 1;
        route.seconds.observe(began.elapsed());
    }
}

impl Collect for Requests {
    fn collect(&self, page: &mut Page) {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let all =
            || routes.iter().flat_map(|(listener, routes)| routes.iter().map(move |it| (*listener, it)));
        let mut total = page.counter("rxgate_http_requests_total", "HTTP requests answered.");
        for (listener, (route, counted)) in all() {
            for ((method, status), count) in &counted.answers {
                let labels = [
                    ("listener", listener),
                    ("method", *method),
                    ("route", route),
                    ("status", &status.to_string()),
                ];
                total.sample(&labels, count);
            }
        }
        let mut seconds = page.histogram(
            "rxgate_http_request_duration_seconds",
            "Time from the header of an HTTP request to that of its answer.",
        );
        for (listener, (route, counted)) in all() {
            seconds.sample(&[("listener", listener), ("route", route)], &counted.seconds);
        }
    }
}

/// Notes every request to this router, which `listener` serves: a section of the configuration.
pub(super) fn observed(router: Router, listener: &'static str, requests: Arc<Requests>) -> Router {
    router.layer(middleware::from_fn_with_state((listener, requests), observe))
}

/// One line for each request: its route, never its path, which names a subscriber.
async fn observe(
    State((listener, requests)): State<(&'static str, Arc<Requests>)>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let method = named(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let correlator = correlator(request.headers()).cloned();
    let span = match correlator.as_ref().map(HeaderValue::to_str) {
        // At the level of errors, so that every line that is written has it.
        Some(Ok(x_correlator)) => error_span!("request", x_correlator),
        _ => Span::none(),
    };
    let served = async {
        let response = next.run(request).await;
        let route = route.as_ref().map_or("-", MatchedPath::as_str);
        let status = response.status().as_u16();
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        debug!(listener, method, route, status, micros, "request");
        requests.count(listener, route, method, status, began);
        response
    };
    let mut response = served.instrument(span).await;
    if let Some(correlator) = correlator {
        response.headers_mut().insert(CORRELATOR, correlator);
    }
    response
}

/// The caller's own name for a request.
pub(super) fn correlator(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(CORRELATOR).filter(|value| is_correlator(value))
}

/// The name of a method; one of the client's own making has none.
pub(super) fn named(method: &Method) -> &'static str {
    METHODS.iter().find(|known| *known == method).map_or("other", Method::as_str)
}

/// What goes into the log and back: the characters of CAMARA's XCorrelator. Anything else is as if it were not
/// there.
fn is_correlator(value: &HeaderValue) -> bool {
    let allowed = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_:;./<>{}".contains(octet);
    (1..=MAX_CORRELATOR).contains(&value.len()) && value.as_bytes().iter().all(allowed)
}
