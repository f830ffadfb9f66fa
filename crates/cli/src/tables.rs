use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use crate::output::{print, save, terminal_width};

/// Where tables go that are not made of findings.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Tables {
    /// What goes to standard output
    #[arg(long = "output", value_enum, default_value = "table", value_name = "KIND")]
    stdout: Form,
    /// Also write the tables to a file, as KIND=FILE; repeatable
    #[arg(long, value_name = "KIND=FILE")]
    out: Vec<Target>,
}

/// A form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For a terminal
    Table,
    /// For pull requests and test plans
    Markdown,
    /// For machines
    Json,
}

#[derive(Clone, Debug)]
struct Target {
    form: Form,
    path: PathBuf,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (form, path) =
            text.split_once('=').ok_or("expected KIND=FILE, such as json=plan.json")?;
        let form = Form::from_str(form, true).map_err(|_| "KIND is table, markdown or json")?;
        Ok(Self { form, path: PathBuf::from(path) })
    }
}

impl Tables {
    /// Writes what `render` makes of every form that is asked for; its second argument is the
    /// width of the terminal, when there is one.
    pub(crate) fn write(&self, render: impl Fn(Form, Option<u16>) -> String) -> anyhow::Result<()> {
        print(&render(self.stdout, terminal_width()))?;
        // Files come after: one that cannot be written does not hide the answer.
        self.out.iter().try_for_each(|target| save(&target.path, &render(target.form, None)))
    }
}
