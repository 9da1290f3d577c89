use db::{CopyIn, DbError, TenantTx};
use kernel::Uuid;

/// What is collected before it is sent: enough for a packet to be worth its while, too little to be felt.
const SENT_AT: usize = 64 * 1024;

/// Rows on their way into a table.
pub(crate) struct Copying {
    text: CopyText,
    into: CopyIn,
}

impl Copying {
    /// Begins `COPY … FROM STDIN`.
    pub(crate) async fn begin(tx: &TenantTx, sql: &str) -> Result<Self, DbError> {
        Ok(Self { text: CopyText::default(), into: tx.copy_in(sql).await? })
    }

    /// Takes a row, which `write` writes cell by cell.
    pub(crate) async fn row(&mut self, write: impl FnOnce(&mut CopyText)) -> Result<(), DbError> {
        write(&mut self.text);
        self.text.end();
        if self.text.buffer.len() < SENT_AT {
            return Ok(());
        }
        self.into.send(std::mem::take(&mut self.text.buffer).into()).await
    }

    /// Ends it: the rows are there.
    pub(crate) async fn finish(mut self) -> Result<(), DbError> {
        self.into.send(self.text.buffer.into()).await?;
        self.into.finish().await?;
        Ok(())
    }
}

/// Rows in PostgreSQL's text format of COPY.
#[derive(Debug, Default)]
pub(crate) struct CopyText {
    buffer: Vec<u8>,
    inside: bool,
}

impl CopyText {
    pub(crate) fn cell(&mut self) {
        if self.inside {
            self.buffer.push(b'\t');
        }
        self.inside = true;
    }

    pub(crate) fn escaped(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\\' => self.buffer.extend_from_slice(b"\\\\"),
                b'\n' => self.buffer.extend_from_slice(b"\\n"),
                b'\r' => self.buffer.extend_from_slice(b"\\r"),
                b'\t' => self.buffer.extend_from_slice(b"\\t"),
                other => self.buffer.push(other),
            }
        }
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.cell();
        self.escaped(text.as_bytes());
        self
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub(crate) fn null(&mut self) -> &mut Self {
        self.cell();
        self.buffer.extend_from_slice(b"\\N");
        self
    }

    pub(crate) fn number(&mut self, number: i64) -> &mut Self {
        self.text(&number.to_string())
    }

    pub(crate) fn optional_number(&mut self, number: Option<i64>) -> &mut Self {
        self.optional(number.map(|number| number.to_string()).as_deref())
    }

    pub(crate) fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.text(id.as_simple().encode_lower(&mut [0; 32]))
    }

    pub(crate) fn optional_uuid(&mut self, id: Option<Uuid>) -> &mut Self {
        match id {
            Some(id) => self.uuid(id),
            None => self.null(),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        let Some(bytes) = bytes else { return self.null() };
        self.cell();
        self.buffer.extend_from_slice(b"\\\\x");
        for byte in bytes {
            self.buffer.extend_from_slice(format!("{byte:02x}").as_bytes());
        }
        self
    }

    pub(crate) fn array(&mut self, texts: &[String]) -> &mut Self {
        self.cell();
        let mut literal = String::from("{");
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                literal.push(',');
            }
            literal.push('"');
            for c in text.chars() {
                if matches!(c, '"' | '\\') {
                    literal.push('\\');
                }
                literal.push(c);
            }
            literal.push('"');
        }
        literal.push('}');
        self.escaped(literal.as_bytes());
        self
    }

    fn end(&mut self) {
        self.buffer.push(b'\n');
        self.inside = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_text_is_escaped() {
        let mut copy = CopyText::default();
        copy.text("a\tb\\\n").optional(None).array(&["x\"y".to_owned(), "\\".to_owned(), String::new()]).bytes(Some(&[0, 255]));
        copy.end();
        let text = String::from_utf8_lossy(&copy.buffer).into_owned();
        assert_eq!(text, "a\\tb\\\\\\n\t\\N\t{\"x\\\\\"y\",\"\\\\\\\\\",\"\"}\t\\\\x00ff\n");
    }
}
