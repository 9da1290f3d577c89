use db::Scope;
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use serde::{Deserialize, Serialize};

use super::store;

/// Counts the tags of an organisation that has too many leads to count while somebody waits.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountTags {}

impl Job for CountTags {
    const KIND: &'static str = "leads.count_tags";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        // The count is the organisation's, whoever has asked.
        let tx = cx.state.db.tenant(&Scope::whole(cx.org()?)).await?;
        store::count(&tx, cx.now()).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}
