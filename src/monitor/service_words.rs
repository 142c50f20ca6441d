//! What each trouble of the service itself means: how urgent it is, and what to do about it.

use crate::domain::{Explanation, ServiceTrouble, Severity};

/// How urgent a trouble is. Critical: nobody watches the sky. Warning: something may be missed or lost.
pub(super) const fn severity(kind: ServiceTrouble) -> Severity {
    match kind {
        ServiceTrouble::InputLost | ServiceTrouble::Canary => Severity::Critical,
        ServiceTrouble::Storage
        | ServiceTrouble::History
        | ServiceTrouble::Behind
        | ServiceTrouble::InputSilent
        | ServiceTrouble::InputGap
        | ServiceTrouble::BrokerDrops
        | ServiceTrouble::Clock
        | ServiceTrouble::JournalDamaged => Severity::Warning,
        ServiceTrouble::ZonesRejected | ServiceTrouble::ZonesStale | ServiceTrouble::Flood => {
            Severity::Caution
        }
        ServiceTrouble::ClientNone => Severity::Advisory,
    }
}

/// The sentence of a trouble, with the particulars behind it.
pub(super) fn sentence(kind: ServiceTrouble, particulars: &[String]) -> Explanation {
    let (zh, en) = words(kind);
    let (mut zh, mut en) = (zh.to_owned(), en.to_owned());
    for particular in particulars {
        zh.push('（');
        zh.push_str(particular);
        zh.push('）');
        en.push_str(" (");
        en.push_str(particular);
        en.push(')');
    }
    Explanation { zh, en }
}

/// The sentence of a trouble that is over.
pub(super) fn over(kind: ServiceTrouble) -> Explanation {
    let name = kind.name();
    Explanation {
        zh: format!("本服务：{name} 已恢复正常。"),
        en: format!("This service: {name} is well again."),
    }
}

const fn words(kind: ServiceTrouble) -> (&'static str, &'static str) {
    match kind {
        ServiceTrouble::Storage => (
            "告警无法写入磁盘：告警仍实时发出，但此时断电或重启会丢失记录。请检查磁盘空间和磁盘状态。",
            "Alerts cannot be written to disk: they still go out, but a crash now would lose their record. Check the disk's space and health.",
        ),
        ServiceTrouble::History => (
            "航空器位置无法写入磁盘：监视与告警照常，但重启后位置需重新获取，这段时间的回放会缺失。请检查磁盘空间和磁盘状态。",
            "Positions cannot be written to disk: watching and alerts go on, but a restart begins without them, and the replay of this time has a gap. Check the disk's space and health.",
        ),
        ServiceTrouble::Behind => (
            "处理滞后：最旧的待评估报告超过 2 秒，告警会变慢。请减少输入或增加处理能力。",
            "The service is behind: the oldest report waits for over 2 s, so alerts come late. Reduce the input or give it more processors.",
        ),
        ServiceTrouble::InputLost => (
            "与 MQTT 服务器的连接已断开：收不到任何航空器的报告，画面不可信。请立即检查 MQTT 服务器和网络，并改用其他监视手段。",
            "The connection to the MQTT broker is lost: no aircraft is being watched, do not trust the picture. Check broker and network now, and use other surveillance meanwhile.",
        ),
        ServiceTrouble::InputSilent => (
            "报告数量骤降：MQTT 服务器在线，但收到的报告远少于平时。请检查上游数据源。",
            "Reports have nearly stopped: the broker is there, but far fewer come than usual. Check the sources of telemetry.",
        ),
        ServiceTrouble::InputGap => (
            "输入曾中断：这段时间内没有收到报告，其间的冲突和越界可能未被告警。请核实这段时间的情况。",
            "There was a gap in the input: no report came during it, so conflicts and incursions in it may not have been alerted. Find out what happened meanwhile.",
        ),
        ServiceTrouble::BrokerDrops => (
            "MQTT 服务器丢弃了消息：部分报告未送达本服务。请提高其队列上限或减轻负载。",
            "The MQTT broker dropped messages: some reports never reached this service. Raise its queue limits or reduce its load.",
        ),
        ServiceTrouble::ZonesRejected => (
            "新的空域文件未被采用：有错误，或削弱保护而须另一人批准；仍按上一个正确版本告警。请按所述原因处理。",
            "The new zones were not taken: they have faults, or take protection away and wait for a second person. The last good ones stay in force. Do as the reason says.",
        ),
        ServiceTrouble::ZonesStale => (
            "空域数据过旧：可能缺少新的限制区。请检查空域数据的来源。",
            "The zones are out of date: new restrictions may be missing. Check where they come from.",
        ),
        ServiceTrouble::Clock => (
            "本机时钟与数据源不一致：服务暂按自身的稳定时间继续运行。请检查本机的时间同步（NTP）。",
            "This machine's clock disagrees with its sources: the service keeps its own steady time. Check time synchronisation (NTP) on this machine.",
        ),
        ServiceTrouble::Canary => (
            "自检失败：内置的模拟冲突没有产生告警，真实的告警也可能缺失。请立即改用其他监视手段并检查本服务。",
            "The self-test failed: the built-in simulated conflict raised no alert, so real ones may be missing too. Use other surveillance now and examine this service.",
        ),
        ServiceTrouble::ClientNone => (
            "没有任何客户端在接收告警。请打开控制台或重新连接客户端。",
            "Nobody is listening to the alerts. Open the console or reconnect a client.",
        ),
        ServiceTrouble::Flood => (
            "告警过多，人工难以处理。请筛选最严重的告警，并检查规则或数据源是否异常。",
            "There are more alerts than a person can handle. Filter for the most severe, and see whether a rule or a source is at fault.",
        ),
        ServiceTrouble::JournalDamaged => (
            "告警日志有损坏：损坏的文件已移开保留，其中的部分历史可能缺失。请核对并从备份恢复。",
            "The alert journal was damaged: the damaged file was moved aside and kept, and part of its history may be missing. Examine it and restore from a backup.",
        ),
    }
}
