INSERT INTO @journal@.scripts (digest, text) VALUES (@digest@, @text@) ON CONFLICT DO NOTHING;
