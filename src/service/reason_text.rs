//! What to do about each reason for a refusal: one sentence in Chinese and in English.

use crate::domain::{Explanation, Reason};

/// The sentence for `reason`.
pub(super) fn sentence(reason: Reason) -> Explanation {
    let (zh, en) = texts(reason);
    Explanation { zh: zh.into(), en: en.into() }
}

const fn texts(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::TooLarge => {
            ("消息超过 8 KiB，请拆分后再发送。", "The message is over 8 KiB; send it in smaller parts.")
        }
        Reason::Malformed => (
            "消息无法解析，请检查其格式和编码。",
            "The message cannot be read; check its format and encoding.",
        ),
        Reason::Checksum => (
            "NMEA 校验和错误，请检查接收机与链路。",
            "The NMEA checksum is wrong; check the receiver and the link.",
        ),
        Reason::MissingField => ("缺少必填字段，请补全后发送。", "A required field is missing; add it."),
        Reason::InvalidValue => (
            "字段类型错误或取值未定义，请对照接口说明修正。",
            "A field has the wrong type or an unknown value; compare it with the interface description.",
        ),
        Reason::OutOfRange => (
            "数值超出允许范围，请检查单位和传感器。",
            "A number is out of its range; check its unit and the sensor.",
        ),
        Reason::NullIsland => (
            "经纬度均为零，接收机尚未定位，请定位后再上报。",
            "Latitude and longitude are both zero; report once the receiver has a fix.",
        ),
        Reason::NoFix => (
            "接收机报告定位无效，请等待有效定位。",
            "The receiver says that it has no valid position; wait for a fix.",
        ),
        Reason::IdentityMismatch => (
            "消息中的航空器标识与主题不一致，请使二者相同。",
            "The identity in the message is not the topic's; make them equal.",
        ),
        Reason::UnknownCrs => (
            "坐标系未知或为加密坐标（GCJ-02、BD-09），请上报 WGS 84 或 CGCS2000 坐标。",
            "The coordinate system is unknown or shifted (GCJ-02, BD-09); report WGS 84 or CGCS2000.",
        ),
        Reason::Future => (
            "时间戳超前 2 秒以上，请校准时钟。",
            "The timestamp is more than 2 s in the future; correct the clock.",
        ),
        Reason::TooOld => (
            "时间戳早于 24 小时，数据过旧，请检查时钟或补传流程。",
            "The timestamp is over 24 h old; check the clock or how stored data is sent.",
        ),
        Reason::Retained => (
            "这是代理保留的旧消息，请勿以保留方式发布位置。",
            "This is an old copy that the broker kept; do not publish positions as retained.",
        ),
        Reason::UnknownTopic => {
            ("主题未定义，请检查前缀和层级。", "There is no such topic; check its prefix and levels.")
        }
        Reason::OutsideArea => (
            "位置在服务区域之外，请检查坐标或联系服务方。",
            "The position is outside the service area; check it or contact the service.",
        ),
        Reason::TrackLimit => (
            "航空器数量已达上限，暂不接收新的航空器。",
            "As many aircraft are tracked as can be; no new one is taken for the time being.",
        ),
        Reason::IntentLimit => (
            "飞行意图数量已达上限，请结束不再需要的意图。",
            "As many intents are in force as can be; end those that are not needed.",
        ),
        Reason::Reserved => (
            "该标识保留给服务自检，请使用其他标识。",
            "This name is kept for the service's own test flights; use another.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_own_sentence_in_both_languages() {
        for (at, reason) in Reason::ALL.into_iter().enumerate() {
            let (zh, en) = texts(reason);
            assert!(zh.ends_with('。') && en.ends_with('.') && en.is_ascii(), "{reason:?}");
            assert!(Reason::ALL.iter().skip(at + 1).all(|other| texts(*other).1 != en), "{reason:?}");
        }
    }
}
