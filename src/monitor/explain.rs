//! The sentence of an alert, Chinese and English: what is so, and what to do.

use crate::domain::{Alert, AlertCode, Explanation, Phase};

/// How an alert ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The condition is gone.
    Over,
    /// The aircraft was silent for so long that it is no longer tracked.
    Forgotten,
    /// The aircraft was seen again after a restart, and the condition was gone.
    WhileDown,
    /// The aircraft was not seen again after a restart; of a pair, not both.
    NotSeen,
}

/// No sentence yet.
pub(super) fn nothing() -> Explanation {
    Explanation::default()
}

/// The sentence of a cleared alert.
pub(super) fn ended(alert: &Alert, ending: Ending) -> Explanation {
    let (id, code) = (&alert.uas_id, alert.code.name());
    match ending {
        Ending::Over => {
            Explanation { zh: format!("{id}：{code} 已解除。"), en: format!("{id}: {code} is over.") }
        }
        Ending::WhileDown => Explanation {
            zh: format!("{id}：{code} 已在服务中断期间结束。"),
            en: format!("{id}: {code} ended while the service was down."),
        },
        Ending::NotSeen => not_seen(alert),
        Ending::Forgotten => Explanation {
            zh: format!("{id} 已 60 秒无报告，不再跟踪；{code} 结束，情况未知。"),
            en: format!(
                "{id} has been silent for 60 s and is no longer tracked; {code} ends, its state is unknown."
            ),
        },
    }
}

/// The sentence of an alert of an earlier run whose aircraft did not come back.
fn not_seen(alert: &Alert) -> Explanation {
    let (id, code) = (&alert.uas_id, alert.code.name());
    match &alert.other {
        Some(other) => Explanation {
            zh: format!(
                "服务重启后 60 秒内未同时收到 {id} 与 {} 的报告，{code} 结束，情况未知，请联系运营人核实。",
                other.uas_id
            ),
            en: format!(
                "{id} and {} were not both seen after restart, for 60 s; {code} ends, their state is unknown: call their operators.",
                other.uas_id
            ),
        },
        None => Explanation {
            zh: format!("服务重启后 60 秒内未收到 {id} 的报告，{code} 结束，情况未知，请联系运营人核实。"),
            en: format!(
                "{id} was not seen after restart, for 60 s; {code} ends, its state is unknown: call its operator."
            ),
        },
    }
}

/// The sentence of an open alert; `zone_en` is the English name of its zone.
#[expect(clippy::too_many_lines, reason = "one arm for each code, and nothing else")]
pub(super) fn sentence(alert: &Alert, clause: &str, zone_en: Option<&str>) -> Explanation {
    let id = &alert.uas_id;
    let figure = |name: &str| alert.measured.get(name).unwrap_or(0.0);
    let limit = |name: &str| alert.limit.get(name).unwrap_or(0.0);
    match alert.code {
        AlertCode::Separation => separation(alert),
        AlertCode::ZoneIncursion => zone(alert, clause, zone_en),
        AlertCode::HeightLimit => Explanation {
            zh: format!(
                "{id} 真高 {:.0} 米，超过限高 {:.0} 米，请下降。",
                figure("height_agl_m"),
                limit("height_agl_m")
            ),
            en: format!(
                "{id} is at {:.0} m true height, over its ceiling of {:.0} m: descend.",
                figure("height_agl_m"),
                limit("height_agl_m")
            ),
        },
        AlertCode::SpeedLimit => Explanation {
            zh: format!(
                "{id} 地速 {:.1} 米/秒，超过限速 {:.1} 米/秒，请减速。",
                figure("ground_speed_mps"),
                limit("ground_speed_mps")
            ),
            en: format!(
                "{id} flies {:.1} m/s over ground, its class may fly {:.1} m/s: slow down.",
                figure("ground_speed_mps"),
                limit("ground_speed_mps")
            ),
        },
        AlertCode::LostLink => Explanation {
            zh: format!("{id} 已 {:.0} 秒无报告，请联系运营人；显示位置为最后已知位置。", figure("silent_s")),
            en: format!(
                "{id} has not reported for {:.0} s: call its operator; the position shown is the last known.",
                figure("silent_s")
            ),
        },
        AlertCode::C2Lost => Explanation {
            zh: format!("{id} 报告控制链路丢失，请联系运营人确认其应急程序。"),
            en: format!(
                "{id} says that its control link is lost: ask its operator which contingency it flies."
            ),
        },
        AlertCode::Emergency => Explanation {
            zh: format!("{id} 报告紧急状态，请清空其周围空域并联系运营人。"),
            en: format!("{id} declares an emergency: clear the airspace around it and call its operator."),
        },
        AlertCode::LowBattery => Explanation {
            zh: format!("{id} 剩余电量 {:.0}%，请尽快降落。", figure("battery_pct")),
            en: format!("{id} has {:.0} % of charge left: land soon.", figure("battery_pct")),
        },
        AlertCode::TimeSkew if clause == "ahead" => Explanation {
            zh: format!(
                "{id} 的时间比服务器快 {:.1} 秒，请校准时钟；其报告被拒收，显示位置为最后已知位置。",
                -figure("skew_s")
            ),
            en: format!(
                "The clock of {id} is {:.1} s ahead: set it; its reports are refused, the position shown is the last known.",
                -figure("skew_s")
            ),
        },
        AlertCode::TimeSkew => Explanation {
            zh: format!(
                "{id} 的时间比服务器慢 {:.1} 秒，请校准时钟；超过 10 秒的报告不参与实时告警。",
                figure("skew_s")
            ),
            en: format!(
                "The clock of {id} is {:.1} s behind: set it; reports over 10 s old take no part in live checks.",
                figure("skew_s")
            ),
        },
        AlertCode::PositionIntegrity if clause == "jump" => Explanation {
            zh: format!("{id} 的位置跳变 {:.0} 米，可能受干扰、欺骗或标识重复，请核实。", figure("jump_m")),
            en: format!(
                "The position of {id} jumped by {:.0} m: check for jamming, spoofing or a second sender.",
                figure("jump_m")
            ),
        },
        AlertCode::PositionIntegrity if clause == "two-places" => Explanation {
            zh: format!(
                "{id} 在同一时刻报告了相距 {:.0} 米的两个位置，可能标识重复或受欺骗，请核实。",
                figure("jump_m")
            ),
            en: format!(
                "{id} is reported at two places at once, {:.0} m apart: check for a second sender or spoofing.",
                figure("jump_m")
            ),
        },
        AlertCode::PositionIntegrity => Explanation {
            zh: format!(
                "{id} 报告速度 {:.0} 米/秒，但位置推算为 {:.0} 米/秒，请核实定位。",
                figure("reported_speed_mps"),
                figure("derived_speed_mps")
            ),
            en: format!(
                "{id} reports {:.0} m/s but its positions give {:.0} m/s: check its positioning.",
                figure("reported_speed_mps"),
                figure("derived_speed_mps")
            ),
        },
        AlertCode::GeocageExit => geocage(alert, zone_en),
        AlertCode::Conformance => conformance(alert),
        AlertCode::Unregistered
        | AlertCode::UncooperativeTarget
        | AlertCode::CrsSuspect
        | AlertCode::ServiceDegraded => Explanation {
            zh: format!("{id}：{}", alert.code.name()),
            en: format!("{id}: {}", alert.code.name()),
        },
    }
}

fn separation(alert: &Alert) -> Explanation {
    let id = &alert.uas_id;
    let other = alert.other.as_ref().map_or("?", |other| other.uas_id.as_str());
    let figure = |name: &str| alert.measured.get(name);
    let horizontal_m = figure("horizontal_m").unwrap_or(0.0);
    let (zh_up, en_up) = figure("vertical_m").map_or_else(
        || ("高度差未知".to_owned(), "height difference unknown".to_owned()),
        |m| (format!("高度差 {m:.0} 米"), format!("{m:.0} m vertically")),
    );
    match alert.phase {
        Phase::Actual => Explanation {
            zh: format!("{id} 与 {other} 间隔不足：水平 {horizontal_m:.0} 米，{zh_up}，请立即拉开。"),
            en: format!(
                "{id} and {other} are too close: {horizontal_m:.0} m apart, {en_up}: separate them now."
            ),
        },
        Phase::Predicted => {
            let in_s = figure("t_in_s").unwrap_or(0.0);
            let dcpa_m = figure("dcpa_m").unwrap_or(0.0);
            Explanation {
                zh: format!(
                    "{id} 与 {other} 预计 {in_s:.0} 秒后间隔不足（最近 {dcpa_m:.0} 米；现水平 {horizontal_m:.0} 米，{zh_up}），请改变其中一架的航向或高度。"
                ),
                en: format!(
                    "{id} and {other} will be too close in {in_s:.0} s (closest {dcpa_m:.0} m; now {horizontal_m:.0} m apart, {en_up}): turn or climb one of them."
                ),
            }
        }
    }
}

fn zone(alert: &Alert, clause: &str, name_en: Option<&str>) -> Explanation {
    let said = zone_alone(alert, name_en);
    if !clause.ends_with("/AGL_UNKNOWN") {
        return said;
    }
    Explanation {
        zh: format!("{}（高度无法与限高比较，按在其中处理）", said.zh),
        en: format!("{} (Its height cannot be compared with the limits and counts as within.)", said.en),
    }
}

fn geocage(alert: &Alert, name_en: Option<&str>) -> Explanation {
    let id = &alert.uas_id;
    let name = alert.zone.as_ref().map_or("?", |zone| zone.name.as_ref());
    let name_en = name_en.unwrap_or(name);
    match alert.phase {
        Phase::Actual => Explanation {
            zh: format!("{id} 已在指定空域 {name} 之外，请立即返回。"),
            en: format!("{id} is outside of {name_en}, which it must not leave: return now."),
        },
        Phase::Predicted => {
            let in_s = alert.measured.get("t_out_s").unwrap_or(0.0);
            Explanation {
                zh: format!("{id} 预计 {in_s:.0} 秒后飞出指定空域 {name}，请改变航向或高度。"),
                en: format!("{id} will leave {name_en} in {in_s:.0} s: turn or change height."),
            }
        }
    }
}

fn conformance(alert: &Alert) -> Explanation {
    let (id, outside_s) = (&alert.uas_id, alert.measured.get("outside_s").unwrap_or(0.0));
    let flight = alert.rule.rsplit('/').next().unwrap_or_default();
    Explanation {
        zh: format!("{id} 已偏离飞行计划 {flight} 达 {outside_s:.0} 秒，请返回计划空域或联系管理部门。"),
        en: format!(
            "{id} has been outside of its intent {flight} for {outside_s:.0} s: return to it or call the authority."
        ),
    }
}

fn zone_alone(alert: &Alert, name_en: Option<&str>) -> Explanation {
    let id = &alert.uas_id;
    if alert.zone.is_none()
        && let Some(in_s) = alert.measured.get("t_in_s")
    {
        return Explanation {
            zh: format!("{id} 预计 {in_s:.0} 秒后进入管制空域，未经批准；请改变航向或高度，或申请飞行。"),
            en: format!(
                "{id} will be in controlled airspace without an approval in {in_s:.0} s: turn, change height or apply."
            ),
        };
    }
    if alert.zone.is_none() {
        return Explanation {
            zh: format!("{id} 在管制空域内，未经批准；请下降、返回适飞空域或申请飞行。"),
            en: format!(
                "{id} is in controlled airspace without an approval: descend, return to suitable airspace or apply."
            ),
        };
    }
    if alert.rule.contains("/BUFFER") && alert.measured.get("t_in_s").is_none() {
        let name = alert.zone.as_ref().map_or("?", |zone| zone.name.as_ref());
        return Explanation {
            zh: format!("{id} 在 {name} 的缓冲区内，请勿继续接近。"),
            en: format!("{id} is in the warning margin of {}: keep away from it.", name_en.unwrap_or(name)),
        };
    }
    let name = alert.zone.as_ref().map_or("?", |zone| zone.name.as_ref());
    let name_en = name_en.unwrap_or(name);
    match alert.phase {
        Phase::Actual => Explanation {
            zh: format!("{id} 已进入 {name}，请立即离开。"),
            en: format!("{id} is inside {name_en}: leave it now."),
        },
        Phase::Predicted => {
            let in_s = alert.measured.get("t_in_s").unwrap_or(0.0);
            Explanation {
                zh: format!("{id} 预计 {in_s:.0} 秒后进入 {name}，请改变航向或高度。"),
                en: format!("{id} will enter {name_en} in {in_s:.0} s: turn or change height."),
            }
        }
    }
}
