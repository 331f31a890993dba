//! The console's pages: one shell around them, and a module for each page. Knows neither requests nor permissions; what
//! a reader may see and do comes in as what is to be shown.

pub mod assets;
pub mod audit;
pub mod bulk_runs;
pub mod definitions;
pub mod delivery;
pub mod deploy;
pub mod diagram;
pub mod error;
pub mod external_tasks;
pub mod instance;
pub mod instances;
pub mod sign_in;
pub mod task_details;
#[cfg(test)]
mod tests;

use crate::template;
use serde::Serialize;

/// A part of the console, in the order of its navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Tasks outside the company.
    ExternalTasks,
    /// One action on many of them.
    BulkRuns,
    /// Mail of the last days.
    Delivery,
    /// Process instances.
    Instances,
    /// Deployed processes.
    Definitions,
}

impl Section {
    /// All of them.
    pub const ALL: [Section; 5] =
        [Section::ExternalTasks, Section::BulkRuns, Section::Delivery, Section::Instances, Section::Definitions];

    /// Its first page.
    pub fn address(self) -> &'static str {
        match self {
            Section::ExternalTasks => "/external-tasks",
            Section::BulkRuns => "/bulk-runs",
            Section::Delivery => "/delivery",
            Section::Instances => "/instances",
            Section::Definitions => "/definitions",
        }
    }

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Section::ExternalTasks => "External tasks",
            Section::BulkRuns => "Bulk runs",
            Section::Delivery => "Delivery",
            Section::Instances => "Instances",
            Section::Definitions => "Definitions",
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Section::ExternalTasks => "send",
            Section::BulkRuns => "runs",
            Section::Delivery => "mail",
            Section::Instances => "instances",
            Section::Definitions => "defs",
        }
    }

    /// The key that leads to it after `g`.
    fn key(self) -> &'static str {
        match self {
            Section::ExternalTasks => "e",
            Section::BulkRuns => "b",
            Section::Delivery => "d",
            Section::Instances => "i",
            Section::Definitions => "p",
        }
    }
}

/// How the reader wants the console to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system does.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// All of them.
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// The word in forms and cookies.
    pub fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// Accepts the exact word.
    pub fn parse(text: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.as_str() == text)
    }

    fn look(self) -> (&'static str, &'static str) {
        match self {
            Theme::System => ("screen", "As the system"),
            Theme::Light => ("sun", "Light"),
            Theme::Dark => ("moon", "Dark"),
        }
    }
}

/// What every page of the console shows around its content.
#[derive(Clone, Debug)]
pub struct Shell {
    /// First words of the window's title.
    pub title: String,
    /// Where the page belongs; `None` outside the sections.
    pub section: Option<Section>,
    /// Display name of the tenant.
    pub tenant_name: String,
    /// Name of the reader.
    pub user: String,
    /// `Operator`: the reader's strongest role; empty without one.
    pub role_word: String,
    /// Value that every form posts back as `csrf`.
    pub csrf: String,
    /// Appearance.
    pub theme: Theme,
    /// Single-letter keys do something.
    pub keys: bool,
    /// What the reader may see.
    pub sections: Vec<Section>,
    /// Path and query of this page, for forms that come back to it.
    pub here: String,
}

impl Shell {
    /// A shell for tests and galleries.
    pub fn sample() -> Shell {
        Shell {
            title: "External tasks".to_owned(),
            section: Some(Section::ExternalTasks),
            tenant_name: "Norvik Harbour".to_owned(),
            user: "Ingrid Solberg".to_owned(),
            role_word: "Administrator".to_owned(),
            csrf: "c2FtcGxl".to_owned(),
            theme: Theme::System,
            keys: true,
            sections: Section::ALL.to_vec(),
            here: "/external-tasks".to_owned(),
        }
    }

    fn frame(&self) -> Frame<'_> {
        let link = |section: &Section| NavLink {
            address: section.address(),
            word: section.word(),
            icon: section.icon(),
            key: section.key(),
            current: self.section == Some(*section),
        };
        let look = |theme: Theme| {
            let (icon, word) = theme.look();
            Look { value: theme.as_str(), icon, word, chosen: self.theme == theme }
        };
        Frame {
            title: &self.title,
            tenant: &self.tenant_name,
            user: &self.user,
            role: &self.role_word,
            csrf: &self.csrf,
            theme: match self.theme {
                Theme::System => "",
                Theme::Light | Theme::Dark => self.theme.as_str(),
            },
            keys: self.keys,
            here: &self.here,
            sections: self.sections.iter().map(link).collect(),
            looks: Theme::ALL.map(look),
        }
    }
}

/// The shell as templates see it.
#[derive(Serialize)]
struct Frame<'a> {
    title: &'a str,
    tenant: &'a str,
    user: &'a str,
    role: &'a str,
    csrf: &'a str,
    theme: &'a str,
    keys: bool,
    here: &'a str,
    sections: Vec<NavLink>,
    looks: [Look; 3],
}

#[derive(Serialize)]
struct NavLink {
    address: &'static str,
    word: &'static str,
    icon: &'static str,
    key: &'static str,
    current: bool,
}

#[derive(Serialize)]
struct Look {
    value: &'static str,
    icon: &'static str,
    word: &'static str,
    chosen: bool,
}

#[derive(Serialize)]
struct Page<'a, V: Serialize> {
    shell: Frame<'a>,
    view: &'a V,
}

/// Renders a page, or a part of one: the template sees `shell` and `view`.
pub fn render(template: &str, shell: &Shell, view: &impl Serialize) -> String {
    template::render(template, &Page { shell: shell.frame(), view })
}
