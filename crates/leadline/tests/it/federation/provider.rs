use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{
    Form, Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{Engine, prelude::*};
use http_kit::{ProviderConfig, ProviderName};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use kernel::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

/// What the provider does wrong, or what somebody between makes of its id token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    Nonce,
    NoNonce,
    Audience,
    ManyAudiences,
    OtherParty,
    Issuer,
    Expired,
    FromTomorrow,
    AlgNone,
    /// HS256 with the published key as the secret.
    Hs256,
    /// A key of somebody else under the published `kid`.
    ForeignKey,
    NoSubject,
}

/// An OpenID provider with one user at a time.
#[derive(Clone)]
pub struct Provider {
    pub issuer: String,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    clock: Clock,
    issuer: String,
    key: Key,
    grants: HashMap<String, Grant>,
    mistake: Mistake,
    userinfo: Option<Value>,
    names_itself: bool,
}

pub struct Key {
    pub kid: String,
    pub signer: EncodingKey,
    pub jwk: Value,
}

struct Grant {
    client_id: String,
    challenge: String,
    nonce: String,
    redirect_uri: String,
    claims: Value,
}

impl Key {
    pub fn new(kid: &str) -> Self {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let signer = EncodingKey::from_ec_der(pkcs8.as_ref());
        let mut jwk = Jwk::from_encoding_key(&signer, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        Self { kid: kid.to_owned(), signer, jwk: serde_json::to_value(jwk).unwrap() }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &self.signer).unwrap()
    }
}

impl Provider {
    /// Secret of every client.
    pub const SECRET: &'static str = "s3cret: with a colon";

    pub async fn start(clock: &Clock) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner {
            clock: clock.clone(),
            issuer: issuer.clone(),
            key: Key::new("first"),
            grants: HashMap::new(),
            mistake: Mistake::None,
            userinfo: None,
            names_itself: false,
        };
        let inner = Arc::new(Mutex::new(inner));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { issuer, inner }
    }

    pub fn config(&self, name: ProviderName) -> ProviderConfig {
        ProviderConfig {
            name,
            issuer: self.issuer.clone(),
            client_id: "leadline".to_owned(),
            client_secret: Self::SECRET.to_owned(),
            label: "Test ID".to_owned(),
        }
    }

    pub fn mistake(&self, mistake: Mistake) {
        self.inner.lock().unwrap().mistake = mistake;
    }

    pub fn userinfo(&self, claims: Value) {
        self.inner.lock().unwrap().userinfo = Some(claims);
    }

    pub fn rotate(&self) {
        self.inner.lock().unwrap().key = Key::new("second");
    }

    /// Says in its document that every answer names it (RFC 9207).
    pub fn name_itself(&self) {
        self.inner.lock().unwrap().names_itself = true;
    }

    /// Somebody with `claims` arrives at `authorization` and agrees; returns the path to go back to.
    pub fn agree(&self, authorization: &str, claims: &Value) -> String {
        let (state, code) = self.grant(authorization, claims);
        format!("/auth/v1/callback?state={state}&code={code}")
    }

    /// The same in its parts: state and code.
    pub fn grant(&self, authorization: &str, claims: &Value) -> (String, String) {
        let url = Url::parse(authorization).unwrap_or_else(|error| panic!("{error}: {authorization:?}"));
        assert!(authorization.starts_with(&self.issuer), "{authorization}");
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"));
        let code = uuid::Uuid::new_v4().to_string();
        let grant = Grant {
            client_id: query["client_id"].clone(),
            challenge: query["code_challenge"].clone(),
            nonce: query["nonce"].clone(),
            redirect_uri: query["redirect_uri"].clone(),
            claims: claims.clone(),
        };
        self.inner.lock().unwrap().grants.insert(code.clone(), grant);
        (query["state"].clone(), code)
    }
}

type Shared = State<Arc<Mutex<Inner>>>;

async fn document(State(inner): Shared) -> Json<Value> {
    let inner = inner.lock().unwrap();
    let issuer = &inner.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "authorization_response_iss_parameter_supported": inner.names_itself,
    }))
}

async fn jwks(State(inner): Shared) -> Json<Value> {
    Json(json!({ "keys": [{ "kty": "unheard-of", "kid": "future" }, inner.lock().unwrap().key.jwk] }))
}

async fn token(State(inner): Shared, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> (StatusCode, Json<Value>) {
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let mut inner = inner.lock().unwrap();
    let Some(grant) = inner.grants.remove(&form["code"]) else { return refuse("invalid_grant") };
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = BASE64_STANDARD.encode(format!("{}:{}", encode(&grant.client_id), encode(Provider::SECRET)));
    if headers.get("authorization").map(|value| value.to_str().unwrap()) != Some(&format!("Basic {expected}")) {
        return refuse("invalid_client");
    }
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    if challenge != grant.challenge || form["redirect_uri"] != grant.redirect_uri {
        return refuse("invalid_grant");
    }
    let id_token = inner.id_token(&grant);
    (
        StatusCode::OK,
        Json(json!({ "id_token": id_token, "access_token": "at-provider", "refresh_token": "rt-provider", "token_type": "Bearer" })),
    )
}

async fn userinfo(State(inner): Shared, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    assert_eq!(headers["authorization"], "Bearer at-provider");
    match inner.lock().unwrap().userinfo.clone() {
        Some(claims) => (StatusCode::OK, Json(claims)),
        None => (StatusCode::NOT_FOUND, Json(json!({}))),
    }
}

impl Inner {
    fn id_token(&self, grant: &Grant) -> String {
        let now = self.clock.now().as_second();
        let mut claims =
            json!({ "iss": self.issuer, "aud": grant.client_id, "exp": now + 300, "iat": now, "nonce": grant.nonce, "sub": "subject-1" });
        let object = claims.as_object_mut().unwrap();
        object.extend(grant.claims.as_object().unwrap().clone());
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        match self.mistake {
            Mistake::Nonce => set("nonce", json!("another")),
            Mistake::NoNonce => object.remove("nonce"),
            Mistake::Audience => set("aud", json!("somebody-else")),
            Mistake::ManyAudiences => set("aud", json!([grant.client_id, "somebody-else"])),
            Mistake::OtherParty => set("azp", json!("somebody-else")),
            Mistake::Issuer => set("iss", json!("https://accounts.example")),
            Mistake::Expired => set("exp", json!(now - 61)),
            Mistake::FromTomorrow => set("iat", json!(now + 86_400)),
            Mistake::NoSubject => set("sub", json!("")),
            _ => None,
        };
        let parts = |header: Value| {
            let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}", part(&header), part(&claims))
        };
        match self.mistake {
            Mistake::AlgNone => format!("{}.", parts(json!({ "alg": "none", "kid": self.key.kid }))),
            Mistake::Hs256 => {
                let header = Header { kid: Some(self.key.kid.clone()), ..Header::new(Algorithm::HS256) };
                jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(self.key.jwk.to_string().as_bytes())).unwrap()
            }
            Mistake::ForeignKey => Key::new(&self.key.kid).sign(&claims),
            _ => self.key.sign(&claims),
        }
    }
}
