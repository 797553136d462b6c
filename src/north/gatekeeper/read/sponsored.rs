//! sponsoredConnectivityData: who pays, and up to which usage.

use super::{
    Context, Invalid, custom,
    json::{Members, Node, quoted},
};
use crate::{
    dict::enums::TariffChangeUsage,
    rx::{CcMoney, CustomAvp, GrantedServiceUnit, List, SponsoredConnectivityData, UnitValue},
    template::value::{Tariff, tariff_change_usage, tariff_time_change},
};

pub(super) fn sponsored(
    members: &mut Members<'_, '_, '_>,
) -> Result<Option<SponsoredConnectivityData<'static>>, Invalid> {
    let context = members.context;
    members.read(&["sponsoredConnectivityData"], |node| {
        let mut members = node.members(context)?;
        let data = SponsoredConnectivityData {
            sponsor_identity: members.text("sponsorIdentity")?,
            application_service_provider_identity: members.text("applicationServiceProviderIdentity")?,
            granted_service_unit: members.read(&["grantedServiceUnit"], |node| granted(node, context))?,
            ..SponsoredConnectivityData::default()
        };
        if members.read(&["usedServiceUnit"], |node| used(node, context))?.is_some() {
            let what = "not sent: the network tells what was used (TS 29.214 §5.3.27)";
            context.warn(&members.at("usedServiceUnit"), what);
        }
        let data = SponsoredConnectivityData { custom: custom::parameters(&mut members)?, ..data };
        Ok((data, members.finish()?))
    })
}

fn granted(
    node: Node<'_, '_>,
    context: &Context<'_>,
) -> Result<(GrantedServiceUnit<'static>, String), Invalid> {
    let mut members = node.members(context)?;
    let (tariff_time_change, usage) = match tariff(&mut members)? {
        Some(Tariff::Change(time)) => (Some(time), None),
        Some(Tariff::Usage(usage, _)) => (None, Some(usage)),
        None => (None, None),
    };
    let amounts = amounts(&mut members)?;
    let mut custom = amounts.custom;
    if let Some(usage) = usage {
        custom.push(tariff_change_usage(usage));
    }
    let unit = GrantedServiceUnit {
        tariff_time_change,
        cc_time: amounts.time,
        cc_money: amounts.money,
        cc_total_octets: amounts.total_octets,
        cc_input_octets: amounts.input_octets,
        cc_output_octets: amounts.output_octets,
        cc_service_specific_units: amounts.service_specific_units,
        custom,
    };
    Ok((unit, members.finish()?))
}

/// Checked and shown; Rx has no place for it in a request.
fn used(node: Node<'_, '_>, context: &Context<'_>) -> Result<((), String), Invalid> {
    let mut members = node.members(context)?;
    members.read(&["tariffTimeChange"], |node| match node.decimal().and_then(|number| number.whole()) {
        Ok(number) => match TariffChangeUsage::NAMED.iter().find(|(value, _)| u64::from(value.0) == number) {
            Some((value, name)) => Ok((*value, quoted(name))),
            None => Err(node.refuse_choice(usage_names())),
        },
        Err(_) => node.choice(TariffChangeUsage::NAMED).map(|(value, name)| (value, quoted(name))),
    })?;
    amounts(&mut members)?;
    Ok(((), members.finish()?))
}

fn tariff(members: &mut Members<'_, '_, '_>) -> Result<Option<Tariff>, Invalid> {
    let context = members.context;
    members.read(&["tariffTimeChange"], |node| {
        // What is neither number nor text is none of the names either.
        let text = node.scalar().unwrap_or_default();
        let tariff =
            tariff_time_change(&text, context.is_strict()).map_err(|error| node.refuse_for(error))?;
        let shown = match tariff {
            Tariff::Change(time) => {
                if Tariff::is_doubtful(time) {
                    let what = "sent as it stands, though it is a time before 1968 or after 2036";
                    context.warn(&node.path, what);
                }
                time.0.to_string()
            }
            Tariff::Usage(_, name) => {
                let what = "sent as Tariff-Change-Usage, which Granted-Service-Unit has only as an extra";
                context.warn(&node.path, what);
                quoted(name)
            }
        };
        Ok((tariff, shown))
    })
}

fn usage_names() -> String {
    TariffChangeUsage::NAMED.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// What granted and used units have in common.
struct Amounts {
    /// Seconds.
    time: Option<u32>,
    money: Option<CcMoney<'static>>,
    total_octets: Option<u64>,
    input_octets: Option<u64>,
    output_octets: Option<u64>,
    service_specific_units: Option<u64>,
    custom: List<'static, CustomAvp<'static>>,
}

fn amounts(members: &mut Members<'_, '_, '_>) -> Result<Amounts, Invalid> {
    let context = members.context;
    Ok(Amounts {
        time: members.u32("cCTime")?,
        money: members.read(&["cCMoney", "ccMoney"], |node| money(node, context))?,
        total_octets: members.u64("cCTotalOctets")?,
        input_octets: members.u64("cCInputOctets")?,
        output_octets: members.u64("cCOutputOctets")?,
        service_specific_units: members.u64("cCServiceSpecificUnits")?,
        custom: custom::parameters(members)?,
    })
}

fn money(node: Node<'_, '_>, context: &Context<'_>) -> Result<(CcMoney<'static>, String), Invalid> {
    let mut members = node.members(context)?;
    let unit_value = members.read(&["unitValue"], |node| {
        let decimal = node.decimal();
        let value = decimal.and_then(|decimal| Ok((decimal, decimal.unit_value()?)));
        let (decimal, (value_digits, exponent)) = value.map_err(|error| {
            Invalid::value(node.path.to_string(), format!("it {error}: a decimal is accepted"))
        })?;
        Ok((UnitValue { value_digits, exponent, ..UnitValue::default() }, decimal.to_string()))
    })?;
    let unit_value = unit_value.ok_or_else(|| members.missing("unitValue", "a decimal"))?;
    let currency_code = members.read(&["currencyCode"], |node| {
        let code = node.whole(999)?;
        let number = u32::try_from(code).map_err(|_| node.refuse("a number from 0 to 999"))?;
        Ok((number, number.to_string()))
    })?;
    let money = CcMoney { unit_value, currency_code, ..CcMoney::default() };
    Ok((money, members.finish()?))
}
