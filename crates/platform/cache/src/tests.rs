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
