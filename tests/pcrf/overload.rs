//! A PCRF that can do only so much, and says so.

use std::{net::SocketAddr, time::Duration};

use rxgate::{
    dict::enums::OcReportType,
    pcrf::{Beyond, Capacity, Pcrf, PcrfConfig},
    rx::{AaRequest, OcSupportedFeatures},
};
use serde_json::json;

use crate::{
    af::{Af, aar},
    http::call,
};

const UE: [u8; 4] = [10, 0, 0, 1];

async fn start() -> (Pcrf, Af, SocketAddr) {
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
    let af = Af::connect(&pcrf).await;
    let control = pcrf.control_address().unwrap();
    (pcrf, af, control)
}

#[tokio::test]
async fn beyond_its_capacity_it_is_busy_or_silent() {
    let (pcrf, af, control) = start().await;
    let busy = json!({"perSecond": 1, "queue": 0}).to_string();
    let (status, body) = call(control, "PUT", "/capacity", &busy).await;
    assert_eq!((status, &body["beyond"]), (200, &json!("busy")));
    let (first, second) = (aar("a", UE), aar("b", UE));
    let (first, second) = tokio::join!(af.aar(&first), af.aar(&second));
    let mut codes = [first.result_code.unwrap(), second.result_code.unwrap()];
    codes.sort_unstable();
    assert_eq!((codes, pcrf.sessions().len()), ([2001, 3004], 1));
    pcrf.set_capacity(Some(Capacity { per_second: 1, queue: 0, beyond: Beyond::Silence }));
    let request = |id| aar(id, UE).encode(Default::default()).unwrap();
    let within = Duration::from_secs(3);
    let (first, second) =
        tokio::join!(af.send_within(request("c"), within), af.send_within(request("d"), within));
    assert_eq!((first.is_ok() as u8 + second.is_ok() as u8, pcrf.sessions().len()), (1, 2));
    assert_eq!(call(control, "DELETE", "/capacity", "").await.0, 204);
    assert_eq!(call(control, "GET", "/capacity", "").await, (200, json!(null)));
    for id in ["e", "f", "g"] {
        assert_eq!(af.aar(&aar(id, UE)).await.result_code, Some(2001));
    }
}

#[tokio::test]
async fn its_answers_report_overload_to_those_who_heed_it() {
    let (_pcrf, af, control) = start().await;
    let features = OcSupportedFeatures { oc_feature_vector: Some(1), ..OcSupportedFeatures::default() };
    let heeding = |id| AaRequest { oc_supported_features: Some(features.clone()), ..aar(id, UE) };
    let answer = af.aar(&heeding("a")).await;
    assert_eq!((answer.oc_supported_features.as_ref(), answer.oc_olr), (Some(&features), None));
    for (number, about, kind) in
        [(1, "host", OcReportType::HOST_REPORT), (2, "realm", OcReportType::REALM_REPORT)]
    {
        let report = json!({"about": about, "reductionPercentage": 30, "validityDuration": 60});
        let (status, body) = call(control, "PUT", "/overload-report", &report.to_string()).await;
        assert_eq!((status, &body["sequenceNumber"]), (200, &json!(number)));
        let olr = af.aar(&heeding(about)).await.oc_olr.unwrap();
        assert_eq!((olr.oc_sequence_number, olr.oc_report_type), (number, kind));
        assert_eq!((olr.oc_reduction_percentage, olr.oc_validity_duration), (Some(30), Some(60)));
    }
    assert_eq!(af.aar(&aar("b", UE)).await.oc_olr, None);
    assert_eq!(call(control, "DELETE", "/overload-report", "").await.0, 204);
    assert_eq!(af.aar(&heeding("c")).await.oc_olr, None);
    let (status, body) = call(control, "PUT", "/overload-report", "{}").await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().contains("`reductionPercentage`"), "{body}");
}
