//! What the members of a zone's feature are called.

use super::comparison::Words;

/// A part of a path and what it is called; the first that fits counts.
const NAMES: [(&str, &str, &str); 26] = [
    ("upperReference", "上限基准", "datum of the upper limit"),
    ("lowerReference", "下限基准", "datum of the lower limit"),
    (".upper", "上限", "upper limit"),
    (".lower", "下限", "lower limit"),
    (".uom", "高度单位", "unit of height"),
    ("startDateTime", "开始时间", "begin"),
    ("endDateTime", "结束时间", "end"),
    ("limitedApplicability", "生效时段", "times"),
    ("schedule", "生效时段", "times"),
    ("extendedProperties.applies_to", "适用对象", "for whom"),
    ("extendedProperties.exempt", "豁免对象", "exemptions"),
    ("lifts_prohibited", "可解除禁飞", "lifting of prohibitions"),
    ("extendedProperties.priority", "优先级", "priority"),
    ("extendedProperties.buffer", "预警缓冲", "warning margin"),
    ("extendedProperties.ki", "作用", "part"),
    ("extendedProperties.ke", "作用", "part"),
    ("extendedProperties", "附加属性", "additional properties"),
    (".geometry", "范围", "outline"),
    (".identifier", "标识", "identifier"),
    (".name", "名称", "name"),
    ("otherReasonInfo", "原因说明", "other reason"),
    (".reason", "原因", "reason"),
    ("restrictionConditions", "限制条件", "conditions"),
    ("zoneAuthority", "主管机构", "authority"),
    (".message", "提示信息", "message"),
    (".type", "限制类型", "restriction"),
];

/// What a member is called; by its own name if it is not known.
pub(super) fn name(path: &str) -> Words {
    let known = NAMES.iter().find(|(part, _, _)| path.contains(part));
    let own = || path.rsplit('.').next().unwrap_or(path);
    let (zh, en) = known.map_or_else(|| (own(), own()), |(_, zh, en)| (*zh, *en));
    Words { zh: zh.into(), en: en.into() }
}
