//! `lowsky zones`: zones from and for other hands, and what differs between two sets.

mod convert;
mod diff;
mod import;
mod schema;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::files::{self, Failure};
use super::zones_emergency::{EmergencyArgs, emergency};
use crate::airspace::Mapping;

/// The arguments of `zones`.
#[derive(Debug, Args)]
pub(super) struct ZonesArgs {
    /// The configuration that names the folder of zones [default: config/lowsky.toml if there]. 配置文件
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The folder of zones instead of the configured one. 空域目录
    #[arg(long, value_name = "DIR", global = true)]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Checks a file together with the zones that are there, and puts it into their folder. 导入
    Import {
        /// ED-318, ED-269, plain GeoJSON, or a table of circles (*.csv). 待导入文件
        file: PathBuf,
        #[command(flatten)]
        reading: Source,
        /// What it is called in the folder [default: the file's name, with .json]. 目录中的文件名
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
        /// Take the place of a file of that name. 覆盖同名文件
        #[arg(long)]
        replace: bool,
        /// Only check, and say what would change. 仅检查，不写入
        #[arg(long)]
        dry_run: bool,
    },
    /// Writes all zones of the folder as one document on WGS 84. 导出
    Export {
        /// The form. 格式
        #[arg(long, value_name = "FORM", default_value = "ed318")]
        to: To,
        /// Where to, `-` for standard output. 输出文件
        #[arg(default_value = "-")]
        out: PathBuf,
    },
    /// What a new file or folder changes with respect to an old one, in words and numbers. 比较
    Diff {
        /// A file or folder of zones. 旧
        old: PathBuf,
        /// A file or folder of zones. 新
        new: PathBuf,
        /// How it is written. 输出格式
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: diff::Format,
    },
    /// Writes a document in another form, on WGS 84; what the form cannot say is told. 转换
    Convert {
        /// ED-318, ED-269, plain GeoJSON, or a table of circles (*.csv). 待转换文件
        file: PathBuf,
        #[command(flatten)]
        reading: Source,
        /// The form. 格式
        #[arg(long, value_name = "FORM", default_value = "ed318")]
        to: To,
        /// Where to, `-` for standard output. 输出文件
        #[arg(default_value = "-")]
        out: PathBuf,
    },
    /// Asks a running service for a temporary control zone, in force at once. 临时管制
    Emergency(EmergencyArgs),
    /// Prints the JSON Schema of zone files or of lowsky.toml, for editors. 输出 JSON Schema
    Schema {
        /// Of what. 对象
        #[arg(default_value = "zones")]
        of: schema::Of,
    },
}

/// The form of a document that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// GeoJSON of EUROCAE ED-318.
    Ed318,
    /// JSON of EUROCAE ED-269.
    Ed269,
}

/// How a file is read that does not say all itself.
#[derive(Debug, Args)]
struct Source {
    /// What its coordinates are, if it does not say: WGS84, CGCS2000, GCJ02 or BD09. 坐标系
    #[arg(long, value_name = "CRS")]
    crs: Option<String>,
    /// Plain GeoJSON: the property that holds the identifier. 标识符所在属性
    #[arg(long, value_name = "PROPERTY")]
    id_from: Option<String>,
    /// Plain GeoJSON: the property that holds the name. 名称所在属性
    #[arg(long, value_name = "PROPERTY")]
    name_from: Option<String>,
    /// Begins the identifiers of zones that have none. 自动编号前缀
    #[arg(long, value_name = "TEXT", default_value = "Z")]
    prefix: String,
    /// What zones ask that do not say it: PROHIBITED, `REQ_AUTHORIZATION`, CONDITIONAL … 限制类型
    #[arg(long, value_name = "WORD", default_value = "PROHIBITED")]
    restriction: String,
    /// Country of zones that do not say it. 国家
    #[arg(long, value_name = "CODE", default_value = "CHN")]
    country: String,
    /// Lower limit of zones that have none, m. 下限
    #[arg(long, value_name = "M", default_value_t = 0.0, allow_negative_numbers = true)]
    lower: f64,
    /// Upper limit of zones that have none, m [default: without limit]. 上限
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    upper: Option<f64>,
    /// What these limits are measured from: AGL, AMSL, WGS84, CN1985, TAKEOFF. 高度基准
    #[arg(long, value_name = "WORD", default_value = "AGL")]
    reference: String,
}

impl Source {
    fn mapping(&self) -> Mapping {
        Mapping {
            id_from: self.id_from.clone(),
            name_from: self.name_from.clone(),
            prefix: self.prefix.clone(),
            restriction: self.restriction.clone(),
            country: self.country.clone(),
            lower_m: self.lower,
            upper_m: self.upper,
            reference: self.reference.clone(),
        }
    }
}

/// Does what was asked with zones.
pub(super) fn zones(args: &ZonesArgs) -> Result<ExitCode, Failure> {
    match &args.task {
        Task::Import { file, reading, name, replace, dry_run } => {
            let wish = import::Wish { name: name.as_deref(), replace: *replace, dry_run: *dry_run };
            import::import(args, file, reading, wish)
        }
        Task::Export { to, out } => convert::export(args, *to, out),
        Task::Diff { old, new, format } => diff::diff(args, old, new, *format),
        Task::Convert { file, reading, to, out } => convert::convert(args, (file, reading), *to, out),
        Task::Emergency(wanted) => emergency(args.config.as_deref(), wanted),
        Task::Schema { of } => Ok(schema::schema(*of)),
    }
}
