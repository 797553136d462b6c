//! The enumerations of the built-in dictionary, open: a number without a name is a value too.

// Generated from avp-dictionary/ by `cargo run --example gen_avp`; change the files there.

use super::enumeration::enumeration;

enumeration! {
    /// Values of `Service-Type` (RFC 7155).
    ServiceType {
        LOGIN = 1, "Login";
        FRAMED = 2, "Framed";
        CALLBACK_LOGIN = 3, "Callback Login";
        CALLBACK_FRAMED = 4, "Callback Framed";
        OUTBOUND = 5, "Outbound";
        ADMINISTRATIVE = 6, "Administrative";
        NAS_PROMPT = 7, "NAS Prompt";
        AUTHENTICATE_ONLY = 8, "Authenticate Only";
        CALLBACK_NAS_PROMPT = 9, "Callback NAS Prompt";
        CALL_CHECK = 10, "Call Check";
        CALLBACK_ADMINISTRATIVE = 11, "Callback Administrative";
    }
}

enumeration! {
    /// Values of `NAS-Port-Type` (RFC 7155).
    NasPortType {
        ASYNC = 0, "Async";
        SYNC = 1, "Sync";
        ISDN_SYNC = 2, "ISDN Sync";
        ISDN_ASYNC_V_120 = 3, "ISDN Async V.120";
        ISDN_ASYNC_V_110 = 4, "ISDN Async V.110";
        VIRTUAL = 5, "Virtual";
        PIAFS = 6, "PIAFS";
        HDLC_CLEAR_CHANNEL = 7, "HDLC Clear Channel";
        X_25 = 8, "X.25";
        X_75 = 9, "X.75";
        G_3_FAX = 10, "G.3 Fax";
        SDSL = 11, "SDSL";
        ADSL_CAP = 12, "ADSL-CAP";
        ADSL_DMT = 13, "ADSL-DMT";
        IDSL = 14, "IDSL";
        ETHERNET = 15, "Ethernet";
        XDSL = 16, "xDSL";
        CABLE = 17, "Cable";
        WIRELESS_OTHER = 18, "Wireless Other";
        WIRELESS_IEEE_802_11 = 19, "Wireless IEEE 802.11";
    }
}

enumeration! {
    /// Values of `Redirect-Host-Usage` (RFC 6733 §6.13).
    RedirectHostUsage {
        DONT_CACHE = 0, "DONT_CACHE";
        ALL_SESSION = 1, "ALL_SESSION";
        ALL_REALM = 2, "ALL_REALM";
        REALM_AND_APPLICATION = 3, "REALM_AND_APPLICATION";
        ALL_APPLICATION = 4, "ALL_APPLICATION";
        ALL_HOST = 5, "ALL_HOST";
        ALL_USER = 6, "ALL_USER";
    }
}

enumeration! {
    /// Values of `Session-Server-Failover` (RFC 6733 §8.18).
    SessionServerFailover {
        REFUSE_SERVICE = 0, "REFUSE_SERVICE";
        TRY_AGAIN = 1, "TRY_AGAIN";
        ALLOW_SERVICE = 2, "ALLOW_SERVICE";
        TRY_AGAIN_ALLOW_SERVICE = 3, "TRY_AGAIN_ALLOW_SERVICE";
    }
}

enumeration! {
    /// Values of `Disconnect-Cause` (RFC 6733 §5.4.3).
    DisconnectCause {
        REBOOTING = 0, "REBOOTING";
        BUSY = 1, "BUSY";
        DO_NOT_WANT_TO_TALK_TO_YOU = 2, "DO_NOT_WANT_TO_TALK_TO_YOU";
    }
}

enumeration! {
    /// Values of `Auth-Request-Type` (RFC 6733 §8.7).
    AuthRequestType {
        AUTHENTICATE_ONLY = 1, "AUTHENTICATE_ONLY";
        AUTHORIZE_ONLY = 2, "AUTHORIZE_ONLY";
        AUTHORIZE_AUTHENTICATE = 3, "AUTHORIZE_AUTHENTICATE";
    }
}

enumeration! {
    /// Values of `Auth-Session-State` (RFC 6733 §8.11).
    AuthSessionState {
        STATE_MAINTAINED = 0, "STATE_MAINTAINED";
        NO_STATE_MAINTAINED = 1, "NO_STATE_MAINTAINED";
    }
}

enumeration! {
    /// Values of `Re-Auth-Request-Type` (RFC 6733 §8.12).
    ReAuthRequestType {
        AUTHORIZE_ONLY = 0, "AUTHORIZE_ONLY";
        AUTHORIZE_AUTHENTICATE = 1, "AUTHORIZE_AUTHENTICATE";
    }
}

enumeration! {
    /// Values of `Termination-Cause` (RFC 6733 §8.15).
    TerminationCause {
        DIAMETER_LOGOUT = 1, "DIAMETER_LOGOUT";
        DIAMETER_SERVICE_NOT_PROVIDED = 2, "DIAMETER_SERVICE_NOT_PROVIDED";
        DIAMETER_BAD_ANSWER = 3, "DIAMETER_BAD_ANSWER";
        DIAMETER_ADMINISTRATIVE = 4, "DIAMETER_ADMINISTRATIVE";
        DIAMETER_LINK_BROKEN = 5, "DIAMETER_LINK_BROKEN";
        DIAMETER_AUTH_EXPIRED = 6, "DIAMETER_AUTH_EXPIRED";
        DIAMETER_USER_MOVED = 7, "DIAMETER_USER_MOVED";
        DIAMETER_SESSION_TIMEOUT = 8, "DIAMETER_SESSION_TIMEOUT";
        USER_REQUEST = 11, "User Request";
        LOST_CARRIER = 12, "Lost Carrier";
        LOST_SERVICE = 13, "Lost Service";
        IDLE_TIMEOUT = 14, "Idle Timeout";
        SESSION_TIMEOUT = 15, "Session Timeout";
        ADMIN_RESET = 16, "Admin Reset";
        ADMIN_REBOOT = 17, "Admin Reboot";
        PORT_ERROR = 18, "Port Error";
        NAS_ERROR = 19, "NAS Error";
        NAS_REQUEST = 20, "NAS Request";
        NAS_REBOOT = 21, "NAS Reboot";
        PORT_UNNEEDED = 22, "Port Unneeded";
        PORT_PREEMPTED = 23, "Port Preempted";
        PORT_SUSPENDED = 24, "Port Suspended";
        SERVICE_UNAVAILABLE = 25, "Service Unavailable";
        CALLBACK = 26, "Callback";
        USER_ERROR = 27, "User Error";
        HOST_REQUEST = 28, "Host Request";
        SUPPLICANT_RESTART = 29, "Supplicant Restart";
        REAUTHENTICATION_FAILURE = 30, "Reauthentication Failure";
        PORT_REINITIALIZED = 31, "Port Reinitialized";
        PORT_ADMINISTRATIVELY_DISABLED = 32, "Port Administratively Disabled";
    }
}

enumeration! {
    /// Values of `Inband-Security-Id` (RFC 6733 §6.10).
    InbandSecurityId {
        NO_INBAND_SECURITY = 0, "NO_INBAND_SECURITY";
        TLS = 1, "TLS";
    }
}

enumeration! {
    /// Values of `DRMP` (RFC 7944).
    Drmp {
        PRIORITY_0 = 0, "PRIORITY_0";
        PRIORITY_1 = 1, "PRIORITY_1";
        PRIORITY_2 = 2, "PRIORITY_2";
        PRIORITY_3 = 3, "PRIORITY_3";
        PRIORITY_4 = 4, "PRIORITY_4";
        PRIORITY_5 = 5, "PRIORITY_5";
        PRIORITY_6 = 6, "PRIORITY_6";
        PRIORITY_7 = 7, "PRIORITY_7";
        PRIORITY_8 = 8, "PRIORITY_8";
        PRIORITY_9 = 9, "PRIORITY_9";
        PRIORITY_10 = 10, "PRIORITY_10";
        PRIORITY_11 = 11, "PRIORITY_11";
        PRIORITY_12 = 12, "PRIORITY_12";
        PRIORITY_13 = 13, "PRIORITY_13";
        PRIORITY_14 = 14, "PRIORITY_14";
        PRIORITY_15 = 15, "PRIORITY_15";
    }
}

enumeration! {
    /// Values of `Origin-AAA-Protocol` (RFC 7155).
    OriginAaaProtocol {
        RADIUS = 1, "RADIUS";
    }
}

enumeration! {
    /// Values of `CC-Request-Type` (RFC 8506).
    CcRequestType {
        INITIAL_REQUEST = 1, "INITIAL_REQUEST";
        UPDATE_REQUEST = 2, "UPDATE_REQUEST";
        TERMINATION_REQUEST = 3, "TERMINATION_REQUEST";
        EVENT_REQUEST = 4, "EVENT_REQUEST";
    }
}

enumeration! {
    /// Values of `CC-Session-Failover` (RFC 8506).
    CcSessionFailover {
        FAILOVER_NOT_SUPPORTED = 0, "FAILOVER_NOT_SUPPORTED";
        FAILOVER_SUPPORTED = 1, "FAILOVER_SUPPORTED";
    }
}

enumeration! {
    /// Values of `Check-Balance-Result` (RFC 8506).
    CheckBalanceResult {
        ENOUGH_CREDIT = 0, "ENOUGH_CREDIT";
        NO_CREDIT = 1, "NO_CREDIT";
    }
}

enumeration! {
    /// Values of `Credit-Control` (RFC 8506).
    CreditControl {
        CREDIT_AUTHORIZATION = 0, "CREDIT_AUTHORIZATION";
        RE_AUTHORIZATION = 1, "RE_AUTHORIZATION";
    }
}

enumeration! {
    /// Values of `Credit-Control-Failure-Handling` (RFC 8506).
    CreditControlFailureHandling {
        TERMINATE = 0, "TERMINATE";
        CONTINUE = 1, "CONTINUE";
        RETRY_AND_TERMINATE = 2, "RETRY_AND_TERMINATE";
    }
}

enumeration! {
    /// Values of `Direct-Debiting-Failure-Handling` (RFC 8506).
    DirectDebitingFailureHandling {
        TERMINATE_OR_BUFFER = 0, "TERMINATE_OR_BUFFER";
        CONTINUE = 1, "CONTINUE";
    }
}

enumeration! {
    /// Values of `Redirect-Address-Type` (RFC 8506).
    RedirectAddressType {
        IPV4_ADDRESS = 0, "IPv4 Address";
        IPV6_ADDRESS = 1, "IPv6 Address";
        URL = 2, "URL";
        SIP_URI = 3, "SIP URI";
    }
}

enumeration! {
    /// Values of `Requested-Action` (RFC 8506).
    RequestedAction {
        DIRECT_DEBITING = 0, "DIRECT_DEBITING";
        REFUND_ACCOUNT = 1, "REFUND_ACCOUNT";
        CHECK_BALANCE = 2, "CHECK_BALANCE";
        PRICE_ENQUIRY = 3, "PRICE_ENQUIRY";
    }
}

enumeration! {
    /// Values of `Final-Unit-Action` (RFC 8506).
    FinalUnitAction {
        TERMINATE = 0, "TERMINATE";
        REDIRECT = 1, "REDIRECT";
        RESTRICT_ACCESS = 2, "RESTRICT_ACCESS";
    }
}

enumeration! {
    /// Values of `Subscription-Id-Type` (RFC 8506).
    SubscriptionIdType {
        END_USER_E164 = 0, "END_USER_E164";
        END_USER_IMSI = 1, "END_USER_IMSI";
        END_USER_SIP_URI = 2, "END_USER_SIP_URI";
        END_USER_NAI = 3, "END_USER_NAI";
        END_USER_PRIVATE = 4, "END_USER_PRIVATE";
    }
}

enumeration! {
    /// Values of `Tariff-Change-Usage` (RFC 8506).
    TariffChangeUsage {
        UNIT_BEFORE_TARIFF_CHANGE = 0, "UNIT_BEFORE_TARIFF_CHANGE";
        UNIT_AFTER_TARIFF_CHANGE = 1, "UNIT_AFTER_TARIFF_CHANGE";
        UNIT_INDETERMINATE = 2, "UNIT_INDETERMINATE";
    }
}

enumeration! {
    /// Values of `CC-Unit-Type` (RFC 8506).
    CcUnitType {
        TIME = 0, "TIME";
        MONEY = 1, "MONEY";
        TOTAL_OCTETS = 2, "TOTAL-OCTETS";
        INPUT_OCTETS = 3, "INPUT-OCTETS";
        OUTPUT_OCTETS = 4, "OUTPUT-OCTETS";
        SERVICE_SPECIFIC_UNITS = 5, "SERVICE-SPECIFIC-UNITS";
    }
}

enumeration! {
    /// Values of `Multiple-Services-Indicator` (RFC 8506).
    MultipleServicesIndicator {
        MULTIPLE_SERVICES_NOT_SUPPORTED = 0, "MULTIPLE_SERVICES_NOT_SUPPORTED";
        MULTIPLE_SERVICES_SUPPORTED = 1, "MULTIPLE_SERVICES_SUPPORTED";
    }
}

enumeration! {
    /// Values of `User-Equipment-Info-Type` (RFC 8506).
    UserEquipmentInfoType {
        IMEISV = 0, "IMEISV";
        MAC = 1, "MAC";
        EUI64 = 2, "EUI64";
        MODIFIED_EUI64 = 3, "MODIFIED_EUI64";
    }
}

enumeration! {
    /// Values of `Accounting-Record-Type` (RFC 6733 §9.8.1).
    AccountingRecordType {
        EVENT_RECORD = 1, "EVENT_RECORD";
        START_RECORD = 2, "START_RECORD";
        INTERIM_RECORD = 3, "INTERIM_RECORD";
        STOP_RECORD = 4, "STOP_RECORD";
    }
}

enumeration! {
    /// Values of `Accounting-Realtime-Required` (RFC 6733 §9.8.7).
    AccountingRealtimeRequired {
        DELIVER_AND_GRANT = 1, "DELIVER_AND_GRANT";
        GRANT_AND_STORE = 2, "GRANT_AND_STORE";
        GRANT_AND_LOSE = 3, "GRANT_AND_LOSE";
    }
}

enumeration! {
    /// Values of `OC-Report-Type` (RFC 7683).
    OcReportType {
        HOST_REPORT = 0, "HOST_REPORT";
        REALM_REPORT = 1, "REALM_REPORT";
        PEER_REPORT = 2, "PEER_REPORT";
    }
}

enumeration! {
    /// Values of `Load-Type` (RFC 8583).
    LoadType {
        HOST = 0, "HOST";
        PEER = 1, "PEER";
    }
}

enumeration! {
    /// Values of `Abort-Cause` (TS 29.214 §5.3.1).
    AbortCause {
        BEARER_RELEASED = 0, "BEARER_RELEASED";
        INSUFFICIENT_SERVER_RESOURCES = 1, "INSUFFICIENT_SERVER_RESOURCES";
        INSUFFICIENT_BEARER_RESOURCES = 2, "INSUFFICIENT_BEARER_RESOURCES";
        PS_TO_CS_HANDOVER = 3, "PS_TO_CS_HANDOVER";
        SPONSORED_DATA_CONNECTIVITY_DISALLOWED = 4, "SPONSORED_DATA_CONNECTIVITY_DISALLOWED";
        PCEF_FAILURE = 5, "PCEF_FAILURE";
    }
}

enumeration! {
    /// Values of `Flow-Status` (TS 29.214 §5.3.11).
    FlowStatus {
        ENABLED_UPLINK = 0, "ENABLED-UPLINK";
        ENABLED_DOWNLINK = 1, "ENABLED-DOWNLINK";
        ENABLED = 2, "ENABLED";
        DISABLED = 3, "DISABLED";
        REMOVED = 4, "REMOVED";
    }
}

enumeration! {
    /// Values of `Flow-Usage` (TS 29.214 §5.3.12).
    FlowUsage {
        NO_INFORMATION = 0, "NO_INFORMATION";
        RTCP = 1, "RTCP";
        AF_SIGNALLING = 2, "AF_SIGNALLING";
    }
}

enumeration! {
    /// Values of `Specific-Action` (TS 29.214 §5.3.13).
    SpecificAction {
        CHARGING_CORRELATION_EXCHANGE = 1, "CHARGING_CORRELATION_EXCHANGE";
        INDICATION_OF_LOSS_OF_BEARER = 2, "INDICATION_OF_LOSS_OF_BEARER";
        INDICATION_OF_RECOVERY_OF_BEARER = 3, "INDICATION_OF_RECOVERY_OF_BEARER";
        INDICATION_OF_RELEASE_OF_BEARER = 4, "INDICATION_OF_RELEASE_OF_BEARER";
        IP_CAN_CHANGE = 6, "IP-CAN_CHANGE";
        INDICATION_OF_OUT_OF_CREDIT = 7, "INDICATION_OF_OUT_OF_CREDIT";
        INDICATION_OF_SUCCESSFUL_RESOURCES_ALLOCATION = 8, "INDICATION_OF_SUCCESSFUL_RESOURCES_ALLOCATION";
        INDICATION_OF_FAILED_RESOURCES_ALLOCATION = 9, "INDICATION_OF_FAILED_RESOURCES_ALLOCATION";
        INDICATION_OF_LIMITED_PCC_DEPLOYMENT = 10, "INDICATION_OF_LIMITED_PCC_DEPLOYMENT";
        USAGE_REPORT = 11, "USAGE_REPORT";
        ACCESS_NETWORK_INFO_REPORT = 12, "ACCESS_NETWORK_INFO_REPORT";
        INDICATION_OF_RECOVERY_FROM_LIMITED_PCC_DEPLOYMENT = 13, "INDICATION_OF_RECOVERY_FROM_LIMITED_PCC_DEPLOYMENT";
        INDICATION_OF_ACCESS_NETWORK_INFO_REPORTING_FAILURE = 14, "INDICATION_OF_ACCESS_NETWORK_INFO_REPORTING_FAILURE";
        INDICATION_OF_TRANSFER_POLICY_EXPIRED = 15, "INDICATION_OF_TRANSFER_POLICY_EXPIRED";
        PLMN_CHANGE = 16, "PLMN_CHANGE";
        EPS_FALLBACK = 17, "EPS_FALLBACK";
        INDICATION_OF_REALLOCATION_OF_CREDIT = 18, "INDICATION_OF_REALLOCATION_OF_CREDIT";
        SUCCESSFUL_QOS_UPDATE = 19, "SUCCESSFUL_QOS_UPDATE";
        FAILED_QOS_UPDATE = 20, "FAILED_QOS_UPDATE";
        CN_HEALTH_MONITOR = 21, "CN_HEALTH_MONITOR";
    }
}

enumeration! {
    /// Values of `Media-Type` (TS 29.214 §5.3.19).
    MediaType {
        AUDIO = 0, "AUDIO";
        VIDEO = 1, "VIDEO";
        DATA = 2, "DATA";
        APPLICATION = 3, "APPLICATION";
        CONTROL = 4, "CONTROL";
        TEXT = 5, "TEXT";
        MESSAGE = 6, "MESSAGE";
        OTHER = 4294967295, "OTHER";
    }
}

enumeration! {
    /// Values of `SIP-Forking-Indication` (TS 29.214 §5.3.22).
    SipForkingIndication {
        SINGLE_DIALOGUE = 0, "SINGLE_DIALOGUE";
        SEVERAL_DIALOGUES = 1, "SEVERAL_DIALOGUES";
    }
}

enumeration! {
    /// Values of `Service-Info-Status` (TS 29.214 §5.3.25).
    ServiceInfoStatus {
        FINAL_SERVICE_INFORMATION = 0, "FINAL_SERVICE_INFORMATION";
        PRELIMINARY_SERVICE_INFORMATION = 1, "PRELIMINARY_SERVICE_INFORMATION";
    }
}

enumeration! {
    /// Values of `AF-Signalling-Protocol` (TS 29.214 §5.3.26).
    AfSignallingProtocol {
        NO_INFORMATION = 0, "NO_INFORMATION";
        SIP = 1, "SIP";
    }
}

enumeration! {
    /// Values of `Rx-Request-Type` (TS 29.214 §5.3.31).
    RxRequestType {
        INITIAL_REQUEST = 0, "INITIAL_REQUEST";
        UPDATE_REQUEST = 1, "UPDATE_REQUEST";
        PCSCF_RESTORATION = 2, "PCSCF_RESTORATION";
    }
}

enumeration! {
    /// Values of `Required-Access-Info` (TS 29.214 §5.3.34).
    RequiredAccessInfo {
        USER_LOCATION = 0, "USER_LOCATION";
        MS_TIME_ZONE = 1, "MS_TIME_ZONE";
        UE_SAT_INFO = 2, "UE_SAT_INFO";
    }
}

enumeration! {
    /// Values of `Sponsoring-Action` (TS 29.214 §5.3.40).
    SponsoringAction {
        DISABLE_SPONSORING = 0, "DISABLE_SPONSORING";
        ENABLE_SPONSORING = 1, "ENABLE_SPONSORING";
    }
}

enumeration! {
    /// Values of `Service-Authorization-Info` (TS 29.214).
    ServiceAuthorizationInfo {
        TRANSFER_POLICY_UNKNOWN = 1, "TRANSFER_POLICY_UNKNOWN";
        TRANSFER_POLICY_EXPIRED = 2, "TRANSFER_POLICY_EXPIRED";
        TIME_WINDOW_NOT_REACHED = 4, "TIME_WINDOW_NOT_REACHED";
    }
}

enumeration! {
    /// Values of `Media-Component-Status` (TS 29.214).
    MediaComponentStatus {
        ACTIVE = 0, "ACTIVE";
        INACTIVE = 1, "INACTIVE";
    }
}

enumeration! {
    /// Values of `Priority-Sharing-Indicator` (TS 29.214).
    PrioritySharingIndicator {
        PRIORITY_SHARING_ENABLED = 0, "PRIORITY_SHARING_ENABLED";
        PRIORITY_SHARING_DISABLED = 1, "PRIORITY_SHARING_DISABLED";
    }
}

enumeration! {
    /// Values of `AF-Requested-Data` (TS 29.214).
    AfRequestedData {
        EPC_LEVEL_IDENTITIES_REQUIRED = 1, "EPC_LEVEL_IDENTITIES_REQUIRED";
    }
}

enumeration! {
    /// Values of `Pre-emption-Control-Info` (TS 29.214).
    PreEmptionControlInfo {
        MOST_RECENT_ADDED_FLOW = 1, "MOST_RECENT_ADDED_FLOW";
        LEAST_RECENT_ADDED_FLOW = 2, "LEAST_RECENT_ADDED_FLOW";
        HIGHEST_REQUESTED_BANDWIDTH_FLOW = 4, "HIGHEST_REQUESTED_BANDWIDTH_FLOW";
    }
}

enumeration! {
    /// Values of `IMS-Content-Type` (TS 29.214).
    ImsContentType {
        NO_CONTENT_DETAIL = 0, "NO_CONTENT_DETAIL";
        CAT = 1, "CAT";
        CONFERENCE = 2, "CONFERENCE";
    }
}

enumeration! {
    /// Values of `MA-Information-Action` (TS 29.214).
    MaInformationAction {
        ADD = 0, "ADD";
        RELEASE = 1, "RELEASE";
    }
}

enumeration! {
    /// Values of `Line-Type` (TS 29.214).
    LineType {
        DSL = 0, "DSL";
        PON = 1, "PON";
    }
}

enumeration! {
    /// Values of `MPS-Action` (TS 29.214).
    MpsAction {
        DISABLE_MPS_FOR_DTS = 0, "DISABLE_MPS_FOR_DTS";
        ENABLE_MPS_FOR_DTS = 1, "ENABLE_MPS_FOR_DTS";
        AUTHORIZE_AND_ENABLE_MPS_FOR_DTS = 2, "AUTHORIZE_AND_ENABLE_MPS_FOR_DTS";
        AUTHORIZE_AND_ENABLE_MPS_FOR_AF_SIGNALLING = 3, "AUTHORIZE_AND_ENABLE_MPS_FOR_AF_SIGNALLING";
    }
}

enumeration! {
    /// Values of `PC-Session-Recovery-Status` (TS 29.214).
    PcSessionRecoveryStatus {
    }
}

enumeration! {
    /// Values of `IP-CAN-Type` (TS 29.212).
    IpCanType {
        TGPP_GPRS = 0, "3GPP-GPRS";
        DOCSIS = 1, "DOCSIS";
        XDSL = 2, "xDSL";
        WIMAX = 3, "WiMAX";
        TGPP2 = 4, "3GPP2";
        TGPP_EPS = 5, "3GPP-EPS";
        NON_3GPP_EPS = 6, "Non-3GPP-EPS";
        FBA = 7, "FBA";
        TGPP_5GS = 8, "3GPP-5GS";
        NON_3GPP_5GS = 9, "Non-3GPP-5GS";
    }
}

enumeration! {
    /// Values of `RAT-Type` (TS 29.212).
    RatType {
        WLAN = 0, "WLAN";
        VIRTUAL = 1, "VIRTUAL";
        TRUSTED_N3GA = 2, "TRUSTED-N3GA";
        WIRELINE = 3, "WIRELINE";
        WIRELINE_CABLE = 4, "WIRELINE-CABLE";
        WIRELINE_BBF = 5, "WIRELINE-BBF";
        UTRAN = 1000, "UTRAN";
        GERAN = 1001, "GERAN";
        GAN = 1002, "GAN";
        HSPA_EVOLUTION = 1003, "HSPA_EVOLUTION";
        EUTRAN = 1004, "EUTRAN";
        EUTRAN_NB_IOT = 1005, "EUTRAN-NB-IoT";
        NR = 1006, "NR";
        LTE_M = 1007, "LTE-M";
        NR_U = 1008, "NR-U";
        EUTRAN_LEO = 1011, "EUTRAN(LEO)";
        EUTRAN_MEO = 1012, "EUTRAN(MEO)";
        EUTRAN_GEO = 1013, "EUTRAN(GEO)";
        EUTRAN_OTHERSAT = 1014, "EUTRAN(OTHERSAT)";
        EUTRAN_NB_IOT_LEO = 1021, "EUTRAN-NB-IoT(LEO)";
        EUTRAN_NB_IOT_MEO = 1022, "EUTRAN-NB-IoT(MEO)";
        EUTRAN_NB_IOT_GEO = 1023, "EUTRAN-NB-IoT(GEO)";
        EUTRAN_NB_IOT_OTHERSAT = 1024, "EUTRAN-NB-IoT(OTHERSAT)";
        LTE_M_LEO = 1031, "LTE-M(LEO)";
        LTE_M_MEO = 1032, "LTE-M(MEO)";
        LTE_M_GEO = 1033, "LTE-M(GEO)";
        LTE_M_OTHERSAT = 1034, "LTE-M(OTHERSAT)";
        NR_LEO = 1035, "NR(LEO)";
        NR_MEO = 1036, "NR(MEO)";
        NR_GEO = 1037, "NR(GEO)";
        NR_OTHERSAT = 1038, "NR(OTHERSAT)";
        NR_REDCAP = 1039, "NR-REDCAP";
        NR_EREDCAP = 1040, "NR-EREDCAP";
        CDMA2000_1X = 2000, "CDMA2000_1X";
        HRPD = 2001, "HRPD";
        UMB = 2002, "UMB";
        EHRPD = 2003, "EHRPD";
    }
}

enumeration! {
    /// Values of `Pre-emption-Capability` (TS 29.212).
    PreEmptionCapability {
        PRE_EMPTION_CAPABILITY_ENABLED = 0, "PRE-EMPTION_CAPABILITY_ENABLED";
        PRE_EMPTION_CAPABILITY_DISABLED = 1, "PRE-EMPTION_CAPABILITY_DISABLED";
    }
}

enumeration! {
    /// Values of `Pre-emption-Vulnerability` (TS 29.212).
    PreEmptionVulnerability {
        PRE_EMPTION_VULNERABILITY_ENABLED = 0, "PRE-EMPTION_VULNERABILITY_ENABLED";
        PRE_EMPTION_VULNERABILITY_DISABLED = 1, "PRE-EMPTION_VULNERABILITY_DISABLED";
    }
}

enumeration! {
    /// Values of `AN-Trusted` (TS 29.273).
    AnTrusted {
        TRUSTED = 0, "TRUSTED";
        UNTRUSTED = 1, "UNTRUSTED";
    }
}

enumeration! {
    /// Values of `NetLoc-Access-Support` (TS 29.212).
    NetLocAccessSupport {
        NETLOC_ACCESS_NOT_SUPPORTED = 0, "NETLOC_ACCESS_NOT_SUPPORTED";
    }
}

enumeration! {
    /// Values of `Reservation-Priority` (ETSI TS 183 017).
    ReservationPriority {
        DEFAULT = 0, "DEFAULT";
        PRIORITY_ONE = 1, "PRIORITY-ONE";
        PRIORITY_TWO = 2, "PRIORITY-TWO";
        PRIORITY_THREE = 3, "PRIORITY-THREE";
        PRIORITY_FOUR = 4, "PRIORITY-FOUR";
        PRIORITY_FIVE = 5, "PRIORITY-FIVE";
        PRIORITY_SIX = 6, "PRIORITY-SIX";
        PRIORITY_SEVEN = 7, "PRIORITY-SEVEN";
        PRIORITY_EIGHT = 8, "PRIORITY-EIGHT";
        PRIORITY_NINE = 9, "PRIORITY-NINE";
        PRIORITY_TEN = 10, "PRIORITY-TEN";
        PRIORITY_ELEVEN = 11, "PRIORITY-ELEVEN";
        PRIORITY_TWELVE = 12, "PRIORITY-TWELVE";
        PRIORITY_THIRTEEN = 13, "PRIORITY-THIRTEEN";
        PRIORITY_FOURTEEN = 14, "PRIORITY-FOURTEEN";
        PRIORITY_FIFTEEN = 15, "PRIORITY-FIFTEEN";
    }
}
