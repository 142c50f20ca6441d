//! What goes wrong in the demonstration: named aircraft, and what the service should say about them.
//!
//! Each happens within two minutes of the start, and again every six.

use super::craft::{Craft, What};
use super::path::{Ending, Path, Route};
use crate::domain::{AlertCode, LatLng, OperationCategory, OperationalStatus, UaClass};

/// Every actor flies out and back in this time, seconds.
const CYCLE_S: f64 = 360.0;

/// Something scripted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// What happens, Chinese.
    pub name_zh: &'static str,
    /// What happens, English.
    pub name_en: &'static str,
    /// Seconds after the start at which it begins to show.
    pub at_s: f64,
    /// Who takes part.
    pub uas_ids: &'static [&'static str],
    /// The alerts that should be raised; none where messages are refused instead.
    pub codes: &'static [AlertCode],
}

const fn incident(
    at_s: f64,
    names: [&'static str; 2],
    uas_ids: &'static [&'static str],
    codes: &'static [AlertCode],
) -> Incident {
    Incident { name_zh: names[0], name_en: names[1], at_s, uas_ids, codes }
}

static INCIDENTS: [Incident; 14] = [
    incident(1.0, ["时钟慢7秒", "clock 7 s behind"], &["SLOW-CLOCK"], &[AlertCode::TimeSkew]),
    incident(
        13.0,
        ["无人机悬停在直升机航线旁", "drone hovering beside a helicopter's route"],
        &["HELI-1", "TOWER-CAM"],
        &[AlertCode::Separation],
    ),
    incident(
        16.0,
        ["同向追越", "overtaking on the same line"],
        &["OVERTAKE-FAST", "OVERTAKE-SLOW"],
        &[AlertCode::Separation],
    ),
    incident(
        20.0,
        [
            "字段缺失、坐标系错误、未来时间、身份不符：拒收",
            "field missing, shifted coordinates, future time, wrong identity: refused",
        ],
        &["FAULTY-01"],
        &[],
    ),
    incident(25.0, ["轻型机超速", "light aircraft over 100 km/h"], &["OVERSPEED"], &[AlertCode::SpeedLimit]),
    incident(
        27.0,
        ["抄近路穿越金湾机场禁飞区一角", "cutting a corner of the Jinwan keep-out zone"],
        &["CORNER-CUT"],
        &[AlertCode::ZoneIncursion],
    ),
    incident(30.0, ["对头接近", "head-on"], &["HEADON-A", "HEADON-B"], &[AlertCode::Separation]),
    incident(35.0, ["空中失联45秒", "silent in the air for 45 s"], &["LOST-LINK"], &[AlertCode::LostLink]),
    incident(35.0, ["电量14%", "battery at 14 %"], &["LOW-BATTERY"], &[AlertCode::LowBattery]),
    incident(40.0, ["报告紧急状态", "reports an emergency"], &["EMERGENCY"], &[AlertCode::Emergency]),
    incident(
        42.0,
        ["爬升至真高135米", "climbs to 135 m above ground"],
        &["HEIGHT-BUST"],
        &[AlertCode::HeightLimit],
    ),
    incident(
        45.0,
        ["报告速度与位移不符", "claims a speed that its positions deny"],
        &["SPEED-LIAR"],
        &[AlertCode::PositionIntegrity],
    ),
    incident(50.0, ["遥控链路中断", "command link lost"], &["C2-LOST"], &[AlertCode::C2Lost]),
    incident(70.0, ["位置突跳3公里", "position jumps by 3 km"], &["JUMPER"], &[AlertCode::PositionIntegrity]),
];

/// Everything scripted, in the order of time.
pub fn incidents() -> &'static [Incident] {
    &INCIDENTS
}

/// The helicopter: along the Pearl River from Guangzhou towards the estuary and back, 300 m up.
pub(super) fn helicopter() -> Craft {
    let origin = LatLng::wrapped(23.105, 113.335);
    let path = Route::from(origin, [0.0, 0.0], 300.0)
        .to([6700.0, 0.0], 50.0)
        .to([16_900.0, -3900.0], 50.0)
        .to([23_000.0, -17_200.0], 50.0)
        .to([27_100.0, -33_800.0], 50.0)
        .to([31_200.0, -44_800.0], 50.0)
        .end(Ending::Returns);
    Craft::new("river-patrol", "HELI-1", Some(UaClass::Manned), path)
}

/// Everybody who takes part in an incident.
pub(super) fn actors() -> Vec<Craft> {
    // East of Guangzhou, where the synthetic airspace has no zone. One row for each, 1 km apart.
    let stage = LatLng::wrapped(23.10, 113.46);
    let mut actors = vec![helicopter()];
    actors.extend(encounters(stage));
    actors.extend(trespassers(stage));
    actors.extend(troubled(stage));
    for actor in &mut actors {
        actor.quirks_repeat_s = CYCLE_S;
    }
    actors
}

/// Who meets somebody.
fn encounters(stage: LatLng) -> [Craft; 5] {
    let head_on = |side: f64| {
        Route::from(stage, [-6000.0 - side * 900.0, 4000.0], 80.0)
            .to([-6000.0 + side * 900.0, 4000.0], 15.0)
            .there_and_back(CYCLE_S / 2.0)
    };
    let same_way = |from: [f64; 2], agl_m: f64, speed_mps: f64| {
        Route::from(stage, from, agl_m).along(120.0, [speed_mps, 0.0, 0.0]).there_and_back(CYCLE_S / 2.0)
    };
    // 110 m beside and 55 m below the helicopter's route.
    let tower = Route::from(LatLng::wrapped(23.104, 113.3765), [0.0, 0.0], 245.0).end(Ending::Holds);
    [
        actor("TOWER-CAM", UaClass::Medium, tower),
        actor("HEADON-A", UaClass::Light, head_on(1.0)),
        actor("HEADON-B", UaClass::Light, head_on(-1.0)),
        actor("OVERTAKE-SLOW", UaClass::Small, same_way([-6000.0, 3000.0], 80.0, 8.0)),
        actor("OVERTAKE-FAST", UaClass::Light, same_way([-6600.0, 3010.0], 84.0, 20.0)),
    ]
}

/// Who breaks a limit or enters a zone.
fn trespassers(stage: LatLng) -> [Craft; 3] {
    let bust = Route::from(stage, [-6000.0, 2000.0], 110.0)
        .hover(30.0)
        .along(25.0, [8.0, 0.0, 1.0])
        .hover(15.0)
        .along(25.0, [8.0, 0.0, -1.0])
        .there_and_back(CYCLE_S / 2.0);
    let overspeed = Route::from(stage, [-6000.0, 1000.0], 80.0)
        .along(20.0, [12.0, 0.0, 0.0])
        .along(20.0, [31.0, 0.0, 0.0])
        .along(10.0, [12.0, 0.0, 0.0])
        .there_and_back(CYCLE_S / 2.0);
    // The northern corner of the keep-out around runway 05/23, 90 m inside, under the other surfaces.
    let corner = Route::from(LatLng::wrapped(22.043_72, 113.408_824), [-900.0, 0.0], 40.0)
        .to([900.0, 0.0], 15.0)
        .there_and_back(CYCLE_S / 2.0);
    [
        actor("CORNER-CUT", UaClass::Light, corner),
        actor("HEIGHT-BUST", UaClass::Light, bust),
        actor("OVERSPEED", UaClass::Light, overspeed),
    ]
}

/// Who patrols where it should and has trouble with its link, its state or its data.
fn troubled(stage: LatLng) -> [Craft; 8] {
    let patrol = |uas_id: &str, east_m: f64, north_km: f64| {
        let path = Route::from(stage, [east_m - 500.0, north_km * 1000.0], 80.0)
            .hop([east_m + 500.0, north_km * 1000.0], 8.0)
            .there_and_back(CYCLE_S / 2.0);
        actor(uas_id, UaClass::Light, path)
    };
    let emergency = What::Status { status: OperationalStatus::Emergency };
    [
        patrol("LOST-LINK", -6000.0, 0.0).but(30.0, 75.0, What::Silent),
        patrol("EMERGENCY", -6000.0, -1.0).but(40.0, 80.0, emergency),
        patrol("C2-LOST", -6000.0, -2.0).but(50.0, 90.0, What::C2Lost),
        patrol("LOW-BATTERY", -6000.0, -3.0).but(35.0, 95.0, What::Battery { pct: 14.0 }),
        patrol("SLOW-CLOCK", -6000.0, -4.0).but(0.0, CYCLE_S, What::Clock { by_s: -7.0 }),
        patrol("JUMPER", 5000.0, 3.0).but(70.0, 80.0, What::Displaced { east_m: 0.0, north_m: 3000.0 }),
        patrol("SPEED-LIAR", 5000.0, 0.0).but(45.0, 75.0, What::Claims { ground_speed: 25.0 }),
        patrol("FAULTY-01", 5000.0, -2.0)
            .but(20.0, 21.0, What::NoLatitude)
            .but(25.0, 26.0, What::Gcj02)
            .but(30.0, 31.0, What::Clock { by_s: 60.0 })
            .but(35.0, 36.0, What::Impostor),
    ]
}

fn actor(uas_id: &str, class: UaClass, path: Path) -> Craft {
    let mut craft = Craft::new("demo", uas_id, Some(class), path);
    craft.category = Some(OperationCategory::Specific);
    craft
}
