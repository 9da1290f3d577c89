use std::time::Duration;

use futures_util::StreamExt;

use crate::{Cache, Rate};

/// Both forms must behave alike: in process, and against the Redis that the test run starts.
async fn both() -> Vec<Cache> {
    let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL: run the tests through `make test`");
    vec![Cache::in_process(), Cache::redis(&url).await.expect("Redis answers")]
}

fn unique(name: &str) -> String {
    format!("{name}-{}-{:?}", std::process::id(), std::thread::current().id())
}

#[tokio::test(flavor = "multi_thread")]
async fn values_live_for_their_time() {
    for cache in both().await {
        let key = unique("value");
        assert_eq!(cache.get(&key).await, None);
        cache.set(&key, b"x".to_vec(), Duration::from_millis(80)).await;
        assert_eq!(cache.get(&key).await.as_deref(), Some(b"x".as_slice()));
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(cache.get(&key).await, None);
        cache.set(&key, b"y".to_vec(), Duration::from_secs(60)).await;
        cache.delete(&key).await;
        assert_eq!(cache.get(&key).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_lets_the_burst_through_and_then_one_per_interval() {
    for cache in both().await {
        let key = unique("throttle");
        let rate = Rate { uses: 3, per: Duration::from_millis(600) };
        for _ in 0..3 {
            assert!(cache.throttle(&key, rate).await.is_ok());
        }
        let refused = cache.throttle(&key, rate).await.expect_err("the fourth is too many");
        assert!(refused.retry_after <= Duration::from_millis(200), "{refused:?}");
        tokio::time::sleep(refused.retry_after + Duration::from_millis(20)).await;
        assert!(cache.throttle(&key, rate).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_says_what_is_left() {
    for cache in both().await {
        let key = unique("left");
        let rate = Rate { uses: 3, per: Duration::from_secs(300) };
        for remaining in [2, 1, 0] {
            let allowance = cache.throttle(&key, rate).await.expect("allowed");
            assert_eq!((allowance.rate, allowance.remaining), (rate, remaining));
        }
        let refused = cache.throttle(&key, rate).await.expect_err("the fourth is too many");
        assert_eq!(refused.allowance.remaining, 0);
        assert!(refused.retry_after > Duration::from_secs(98) && refused.retry_after <= Duration::from_secs(100), "{refused:?}");
        assert!(refused.allowance.reset > Duration::from_secs(298), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_throttles_count_together_or_not_at_all() {
    for cache in both().await {
        let (narrow, wide) = (unique("narrow"), unique("wide"));
        let (two, ten) = (Rate { uses: 2, per: Duration::from_secs(300) }, Rate { uses: 10, per: Duration::from_secs(300) });
        let keys = [(wide.as_str(), ten), (narrow.as_str(), two)];
        for remaining in [1, 0] {
            let tightest = cache.throttle_all(&keys).await.expect("allowed").expect("of two keys");
            assert_eq!((tightest.rate, tightest.remaining), (two, remaining));
        }
        for _ in 0..5 {
            assert_eq!(cache.throttle_all(&keys).await.expect_err("the narrow one has none left").allowance.rate, two);
        }
        // What was refused has used up nothing of the wide one.
        assert_eq!(cache.throttle(&wide, ten).await.expect("allowed").remaining, 7);
        assert_eq!(cache.throttle_all(&[]).await, Ok(None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_throttle_goes_on_in_this_process() {
    let redis = PullablePlug::new().await;
    let cache = Cache::redis(&redis.url()).await.expect("Redis answers");
    let (key, rate) = (unique("plug"), Rate { uses: 3, per: Duration::from_secs(300) });
    assert_eq!(cache.throttle(&key, rate).await.expect("allowed").remaining, 2);
    redis.pull().await;
    let began = std::time::Instant::now();
    // This process begins anew, and refuses all the same.
    for remaining in [2, 1, 0] {
        assert_eq!(cache.throttle(&key, rate).await.expect("allowed").remaining, remaining);
    }
    assert!(cache.throttle(&key, rate).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    redis.put_back();
    let neighbour = both().await.pop().expect("one with Redis");
    let back = async {
        // Counted together with a neighbour: in Redis, then. A key of its own each time, for a use may have
        // been counted whose answer came too late.
        for attempt in 0.. {
            let key = unique(&format!("back-{attempt}"));
            cache.throttle(&key, rate).await.expect("allowed");
            if neighbour.throttle(&key, rate).await.expect("allowed").remaining == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("Redis is used again");
    // What it has seen before is not forgotten.
    assert_eq!(neighbour.throttle(&key, rate).await.expect("allowed").remaining, 1);
}

/// The run's Redis behind a connection that can be cut.
struct PullablePlug {
    port: u16,
    connected: tokio::sync::watch::Sender<bool>,
}

impl PullablePlug {
    async fn new() -> Self {
        let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL: run the tests through `make test`");
        let target = url.trim_start_matches("redis://").to_owned();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let (connected, state) = tokio::sync::watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut state, target) = (state.clone(), target.clone());
                tokio::spawn(async move {
                    let carry = async {
                        let mut server = tokio::net::TcpStream::connect(&target).await?;
                        tokio::io::copy_bidirectional(&mut client, &mut server).await
                    };
                    // Dropping both ends is what a killed Redis looks like.
                    tokio::select! {
                        _ = carry => {}
                        _ = state.wait_for(|connected| !connected) => {}
                    }
                });
            }
        });
        Self { port, connected }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Comes back when every connection is cut: each holds a receiver, and so does the listener.
    async fn pull(&self) {
        self.connected.send_replace(false);
        while self.connected.receiver_count() > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn put_back(&self) {
        self.connected.send_replace(true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_reach_subscribers() {
    for cache in both().await {
        let mut messages = cache.subscribe("test-messages");
        tokio::time::sleep(Duration::from_millis(200)).await; // Redis subscribes in the background
        let text = unique("message");
        cache.publish("test-messages", &text).await;
        let seen = tokio::time::timeout(Duration::from_secs(5), async {
            while let Some(message) = messages.next().await {
                if message == text {
                    return true;
                }
            }
            false
        });
        assert!(seen.await.expect("in time"));
    }
}
