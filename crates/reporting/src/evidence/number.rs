use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A double in JSON: infinities are `"inf"` and `"-inf"`, NaN is `null`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            s.serialize_f64(self.0)
        } else if self.0.is_nan() {
            s.serialize_none()
        } else {
            s.serialize_str(if self.0 > 0.0 { "inf" } else { "-inf" })
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Text(String),
            Null(()),
        }
        match Form::deserialize(d)? {
            Form::Number(x) => Ok(Self(x)),
            Form::Null(()) => Ok(Self(f64::NAN)),
            Form::Text(t) if t == "inf" => Ok(Self(f64::INFINITY)),
            Form::Text(t) if t == "-inf" => Ok(Self(f64::NEG_INFINITY)),
            Form::Text(t) => Err(D::Error::custom(format!("expected a number, got {t:?}"))),
        }
    }
}

/// A count in JSON: a decimal string, because it may exceed 2⁵³.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) u64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse()
            .map(Self)
            .map_err(|_| D::Error::custom(format!("expected a count, got {text:?}")))
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Count, Number};

    impl JsonSchema for Number {
        fn schema_name() -> Cow<'static, str> {
            "Number".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A double; infinities are texts, and NaN is null.",
                "anyOf": [{ "type": "number" }, { "enum": ["inf", "-inf", null] }],
            })
        }
    }

    impl JsonSchema for Count {
        fn schema_name() -> Cow<'static, str> {
            "Count".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A whole number as decimal text: it may exceed 2^53.",
                "type": "string",
                "pattern": "^[0-9]{1,20}$",
            })
        }
    }
}
