use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde_json::Value;

use super::Answer;

/// A browser (or a program) with its own cookies, which follows no redirect by itself.
#[derive(Clone)]
pub struct Visitor {
    client: Client,
    address: String,
    pub email: String,
}

impl Visitor {
    pub const PASSWORD: &'static str = "correct horse battery";

    pub fn new(address: &str) -> Self {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        Self { client, address: address.to_owned(), email: String::new() }
    }

    /// The same browser at another node: cookies belong to a host, whatever its port.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.to_owned(), ..self.clone() }
    }

    /// For what the short forms below do not cover.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("{}{path}", self.address))
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        Answer { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).header("accept", "text/html, application/json")).await
    }

    pub async fn post_form<K: AsRef<str>, V: AsRef<str>>(&self, path: &str, fields: &[(K, V)]) -> Answer {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        self.send(self.request("POST", path).header("accept", "text/html").form(&fields)).await
    }

    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    pub async fn patch_json(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("PATCH", path).json(body)).await
    }

    pub async fn put_json(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("PUT", path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request("DELETE", path)).await
    }

    /// Uploads one file as the form field `name`.
    pub async fn upload(&self, path: &str, name: &'static str, file_name: &str, bytes: Vec<u8>) -> Answer {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(file_name.to_owned());
        self.send(self.request("POST", path).header("accept", "text/html").multipart(reqwest::multipart::Form::new().part(name, part)))
            .await
    }
}
