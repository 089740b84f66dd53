import edu.anu.spice.SceneGraph;
import edu.anu.spice.SpiceParser;
import edu.anu.spice.SpiceStats;
import java.io.FileReader;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.json.simple.JSONArray;
import org.json.simple.JSONObject;
import org.json.simple.parser.JSONParser;

/**
 * Scores captions with the classes of spice-1.0.jar as its own main program does, but writes the result without the
 * JavaScript engine that Java has had up to version 14. Arguments: the input, the output and, if any, the cache's folder.
 */
public class SpiceRunner {
  public static void main(String[] arguments) throws Exception {
    List<Object> names = new ArrayList<>();
    List<String> answers = new ArrayList<>();
    List<String> references = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    try (FileReader reader = new FileReader(arguments[0])) {
      for (Object entry : (JSONArray) new JSONParser().parse(reader)) {
        JSONObject sample = (JSONObject) entry;
        names.add(sample.get("image_id"));
        answers.add((String) sample.get("test"));
        JSONArray golds = (JSONArray) sample.get("refs");
        counts.add(golds.size());
        for (Object gold : golds) {
          references.add((String) gold);
        }
      }
    }
    String cache = arguments.length > 2 ? arguments[2] : null;
    SpiceParser parser = new SpiceParser(cache, Runtime.getRuntime().availableProcessors(), true);
    List<SceneGraph> expected = parser.parseCaptions(references, counts);
    List<SceneGraph> given = parser.parseCaptions(answers);
    SpiceStats stats = new SpiceStats(new HashMap<>(), false);
    for (int i = 0; i < names.size(); i++) {
      stats.score(names.get(i), given.get(i), expected.get(i), true);
    }
    Files.write(Paths.get(arguments[1]), stats.toJSONString().getBytes("UTF-8"));
    // The parser's threads are not daemons.
    System.exit(0);
  }
}
