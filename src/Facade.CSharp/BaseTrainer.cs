namespace MetricLearning;
